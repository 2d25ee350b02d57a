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

  /// Reads the parameters of `request`; a body must be a form of at most ``bodyLimit`` bytes.
  static func read(_ request: Request) async throws -> RequestParameters {
    var encoded = request.uri.query ?? ""
    if request.method == .post {
      let type = request.headers[.contentType] ?? ""
      guard type.isEmpty || type.hasPrefix("application/x-www-form-urlencoded") else {
        throw APIError(.badData, "unsupported content type \"\(type.prefix(80))\": want application/x-www-form-urlencoded")
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

  /// The value of `name`, which must be there and not empty.
  func required(_ name: String) throws -> String {
    guard let value = self[name], !value.isEmpty else {
      throw APIError(.badData, "invalid parameter \"\(name)\": empty value")
    }
    return value
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
  func duration(_ name: String) throws -> Int64? {
    guard let text = self[name], !text.isEmpty else { return nil }
    if let seconds = Double(text), seconds.isFinite, abs(seconds) < 9e15 {
      return Int64((seconds * 1000).rounded())
    }
    if let parsed = PrometheusDuration.parse(text) { return parsed }
    throw APIError(
      .badData, "invalid parameter \"\(name)\": cannot parse \"\(text.prefix(80))\" to a valid duration")
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

/// Timestamps as RFC 3339 writes them.
enum RFC3339 {
  /// UTC milliseconds of for instance `2026-01-31T08:00:00.5+01:00`; nil if `text` is not one.
  static func parse(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    func digits(_ from: Int, _ count: Int) -> Int? {
      guard from + count <= bytes.count else { return nil }
      var value = 0
      for byte in bytes[from..<(from + count)] {
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    func has(_ byte: Character, at index: Int) -> Bool {
      index < bytes.count && bytes[index] == byte.asciiValue
    }
    guard let year = digits(0, 4), has("-", at: 4), let month = digits(5, 2), has("-", at: 7),
      let day = digits(8, 2), has("T", at: 10) || has("t", at: 10) || has(" ", at: 10),
      let hour = digits(11, 2), has(":", at: 13), let minute = digits(14, 2), has(":", at: 16),
      let second = digits(17, 2), (1...12).contains(month), (1...31).contains(day), hour < 24,
      minute < 60, second < 61
    else { return nil }
    var index = 19
    var fraction = 0.0
    if has(".", at: index) {
      index += 1
      var scale = 0.1
      let first = index
      while index < bytes.count, bytes[index] >= 48, bytes[index] <= 57 {
        fraction += Double(bytes[index] - 48) * scale
        scale /= 10
        index += 1
      }
      if index == first { return nil }
    }
    var offset = 0
    if has("Z", at: index) || has("z", at: index) {
      index += 1
    } else if has("+", at: index) || has("-", at: index) {
      guard let hours = digits(index + 1, 2), has(":", at: index + 3), let minutes = digits(index + 4, 2) else {
        return nil
      }
      offset = (hours * 60 + minutes) * (has("-", at: index) ? -60 : 60)
      index += 6
    } else {
      return nil
    }
    guard index == bytes.count else { return nil }
    let seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return Int64(seconds) * 1000 + Int64((fraction * 1000).rounded())
  }

  /// `milliseconds` since 1970 as `2026-01-31T08:00:00.500Z`.
  static func format(_ milliseconds: Int64) -> String {
    let days = Int(milliseconds.floorDivided(by: 86_400_000))
    let rest = Int(milliseconds - Int64(days) * 86_400_000)
    let (year, month, day) = civil(days)
    func pad(_ value: Int, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + "T" + pad(rest / 3_600_000, 2) + ":"
      + pad(rest / 60_000 % 60, 2) + ":" + pad(rest / 1000 % 60, 2) + "." + pad(rest % 1000, 3) + "Z"
  }

  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and
  // civil_from_days: the year begins in March, so that the leap day is its last.
  private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ days: Int) -> (Int, Int, Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex + (monthIndex < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
