import ArgumentParser
import Foundation
import HTTPFetch
import TimeSeries

/// How an answer is shown.
enum QueryFormat: String, CaseIterable, ExpressibleByArgument {
  case promql, json
}

/// Which server is asked, and how its answer is shown.
struct QueryOptionsGroup: ParsableArguments {
  /// Where Harecast listens.
  private static let ownServer = "http://localhost:15693"

  @Option(name: [.customShort("o"), .long], help: "promql or json.") var format = QueryFormat.promql

  /// Splits `[SERVER] WORD…` by the number of words that must follow the server.
  func address(_ words: [String], arguments: Int) throws -> (server: String, rest: [String]) {
    guard words.count == arguments || words.count == arguments + 1 else {
      throw ValidationError("expected \(arguments == 0 ? "[SERVER]" : "[SERVER] and one more word")")
    }
    guard words.count > arguments else { return (Self.ownServer, words) }
    var server = words[0].contains("://") ? words[0] : "http://\(words[0])"
    while server.hasSuffix("/") { server.removeLast() }
    guard let url = URL(string: server), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil
    else { throw ValidationError("\"\(words[0])\" is not the address of a server") }
    return (server, Array(words.dropFirst()))
  }

  /// The `data` of the server's answer. As clients do, a form is posted first; a server that knows only `GET` gets that.
  func ask(
    _ server: String, _ path: String, _ form: [(String, String)], headers: [String] = [], method: String = "POST"
  ) async throws -> Any {
    let body = form.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
    var fields: [HTTPHeader] = []
    for header in headers {
      guard let separator = header.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
        throw ValidationError("--header: \"\(header)\" is not NAME=VALUE")
      }
      let value = header[header.index(after: separator)...].trimmingCharacters(in: .whitespaces)
      fields.append(HTTPHeader(String(header[..<separator]), value))
    }
    let address = "\(server)/api/v1/\(path)"
    let client = HTTPClient(configuration: HTTPClientConfiguration(userAgent: "harecast/\(Harecast.version)"))
    let response: HTTPResponse
    do throws(HTTPFetchError) {
      var answer = HTTPResponse(status: 405)
      if method == "POST" {
        let type = HTTPHeader("Content-Type", "application/x-www-form-urlencoded")
        answer = try await client.fetch(request(address, fields + [type], body: Array(body.utf8)))
      }
      if [405, 501].contains(answer.status) {
        answer = try await client.fetch(request("\(address)?\(body)", fields, body: nil))
      }
      response = answer
      await client.shutdown()
    } catch {
      await client.shutdown()
      throw fail("query error: \(error)")
    }
    return try data(of: response)
  }

  private func request(_ url: String, _ headers: [HTTPHeader], body: [UInt8]?) -> HTTPRequest {
    var request = HTTPRequest(url: url, headers: headers, body: body)
    request.timeout = 120_000
    request.bodySizeLimit = 1 << 30
    return request
  }

  private func data(of response: HTTPResponse) throws -> Any {
    let object = try? JSONSerialization.jsonObject(with: Data(response.body), options: [.fragmentsAllowed])
    guard let answer = object as? [String: Any], let status = answer["status"] as? String else {
      let text = String(decoding: response.body.prefix(500), as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
      throw fail("query error: the server answered \(response.status): \(text)")
    }
    guard status == "success", let data = answer["data"] else {
      throw fail("query error: \(answer["errorType"] ?? "error"): \(answer["error"] ?? "")")
    }
    for warning in (answer["warnings"] as? [String]) ?? [] { CommandOutput.complain("query warning: \(warning)") }
    return data
  }

  /// Shows an answer, as JSON as it came, or as text.
  func show(_ data: Any, text: (Any) -> [String]) {
    switch format {
    case .promql: text(data).forEach { CommandOutput.say($0) }
    case .json:
      // As promtool does, of a value only the result is shown.
      let shown = (data as? [String: Any])?["result"] ?? data
      let json = try? JSONSerialization.data(
        withJSONObject: shown, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
      CommandOutput.say(String(decoding: json ?? Data(), as: UTF8.self))
    }
  }

  /// Says what is wrong; the error to throw.
  func fail(_ message: String) -> ExitCode {
    CommandOutput.complain(message)
    return ExitCode(1)
  }

  /// `text` as part of a URL.
  static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let isPlain =
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || "-._~".utf8.contains(byte)
      result +=
        isPlain ? String(UnicodeScalar(byte)) : (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
    }
    return result
  }
}

/// Times on the command line and in requests, in Unix seconds.
enum QueryTime {
  static func now() -> Double { Double(SystemTime().now()) / 1000 }

  /// - Throws: what the user is told.
  static func parse(_ text: String?, _ what: String, default fallback: Double) throws -> Double {
    guard let text, !text.isEmpty else { return fallback }
    if let seconds = Double(text), seconds.isFinite { return seconds }
    if let time = RFC3339.parse(text) { return Double(time) / 1000 }
    CommandOutput.complain("error parsing \(what) time: cannot parse \(Labels.quoted(text)) to a valid timestamp")
    throw ExitCode(1)
  }

  /// The seconds of a duration; nil if there is none.
  static func step(_ text: String?) throws -> Double? {
    guard let text else { return nil }
    if let milliseconds = PrometheusDuration.parse(text), milliseconds > 0 { return Double(milliseconds) / 1000 }
    if let seconds = Double(text), seconds > 0, seconds.isFinite { return seconds }
    throw ValidationError("--step: \"\(text)\" is not a duration over 0")
  }

  /// Seconds with at most three decimals, as few as it takes.
  static func format(_ seconds: Double) -> String {
    var text = String(format: "%.3f", seconds)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
