import HTTPTypes
import Hummingbird
import TimeSeries

/// The parameters of an API request, from the query string and from a form body alike.
struct RequestParameters: Sendable {
  /// The most bytes that a form body may have.
  static let bodyLimit = 1 << 20

  private let pairs: [(name: String, value: String)]

  init(_ encoded: String) {
    pairs = encoded.split(separator: "&").map { pair in
      let equals = pair.firstIndex(of: "=") ?? pair.endIndex
      let value = equals < pair.endIndex ? pair[pair.index(after: equals)...] : ""
      return (Self.decode(pair[..<equals]), Self.decode(value))
    }
  }

  /// Reads the parameters of `request`; a form in its body may have at most ``bodyLimit`` bytes.
  static func read(_ request: Request) async throws -> RequestParameters {
    var encoded = request.uri.query ?? ""
    if request.method == .post {
      let type = request.headers[.contentType] ?? ""
      // A body of another type is not looked at, as Prometheus does not.
      guard type.isEmpty || type.lowercased().hasPrefix("application/x-www-form-urlencoded") else {
        return RequestParameters(encoded)
      }
      guard let body = try? await request.body.collect(upTo: bodyLimit) else {
        throw APIError(.badData, "the request body is over \(bodyLimit) bytes")
      }
      encoded = String(buffer: body) + (encoded.isEmpty ? "" : "&" + encoded)
    }
    return RequestParameters(encoded)
  }

  /// The first value of `name`, or nil.
  subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

  /// All values of `name`.
  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  /// The bound of the number of results; nil for none.
  func limit() throws -> Int? {
    guard let text = self["limit"], !text.isEmpty else { return nil }
    guard let limit = Int(text) else {
      throw APIError(
        .badData, "invalid parameter \"limit\": strconv.Atoi: parsing \(Labels.quoted(text)): invalid syntax")
    }
    if limit < 0 { throw APIError(.badData, "invalid parameter \"limit\": limit must be non-negative") }
    return limit == 0 ? nil : limit
  }

  /// A number that may be left out.
  ///
  /// - Throws: ``APIError`` with `message` if it is none.
  func number(_ name: String, _ message: String) throws -> Int? {
    guard let text = self[name], !text.isEmpty else { return nil }
    guard let number = Int(text) else { throw APIError(.badData, message) }
    return number
  }

  /// A point in time that may be left out, with Prometheus's longer words for one that cannot be read.
  func optionalTime(_ name: String) throws -> Int64? {
    do {
      return try time(name)
    } catch let error as APIError {
      let prefix = "invalid parameter \"\(name)\": "
      throw APIError(.badData, "\(prefix)invalid time value for '\(name)': \(error.message.dropFirst(prefix.count))")
    }
  }

  /// A point in time, as Unix seconds or RFC 3339, in UTC milliseconds.
  func time(_ name: String) throws -> Int64? {
    guard let text = self[name], !text.isEmpty else { return nil }
    if let seconds = Double(text), seconds.isFinite, abs(seconds) < 9e15 {
      return Int64((seconds * 1000).rounded())
    }
    if let parsed = RFC3339.parse(text) { return parsed }
    throw APIError(
      .badData, "invalid parameter \"\(name)\": cannot parse \"\(text.prefix(80))\" to a valid timestamp")
  }

  /// A duration, as seconds or in Prometheus's notation, in milliseconds.
  ///
  /// Seconds are cut to whole nanoseconds and these to milliseconds, so that 1.001, of which a float has a little less, is
  /// 1000, as in Prometheus.
  ///
  /// - Parameter error: what an error begins with, if not with the parameter's name.
  func duration(_ name: String, error prefix: String? = nil) throws -> Int64? {
    guard let text = self[name], !text.isEmpty else { return nil }
    var reason = "cannot parse \"\(text.prefix(80))\" to a valid duration"
    if let seconds = Double(text), !seconds.isNaN {
      if abs(seconds * 1e9) < 0x1p63 { return Int64(seconds * 1e9) / 1_000_000 }
      reason += ". It overflows int64"
    } else if let parsed = PrometheusDuration.parse(text) {
      return parsed
    }
    throw APIError(.badData, (prefix ?? "invalid parameter \"\(name)\": ") + reason)
  }

  private static func decode(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var input = text.utf8[...]
    while let byte = input.popFirst() {
      if byte == UInt8(ascii: "+") {
        bytes.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "%"), input.count >= 2,
        let value = UInt8(String(decoding: input.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        input = input.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
