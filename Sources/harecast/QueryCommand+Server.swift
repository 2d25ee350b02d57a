import ArgumentParser
import Foundation
import TimeSeries

/// How an answer is shown.
enum QueryFormat: String, CaseIterable, ExpressibleByArgument {
  case promql, json
}

/// Which server is asked, and how its answer is shown.
struct QueryOptionsGroup: ParsableArguments {
  /// Where Harecast listens.
  static let ownServer = "http://localhost:15693"

  static let ownServerHint = "[the server is \(ownServer) if left out]"

  @Option(name: [.customShort("o"), .long], help: "promql or json.") var format = QueryFormat.promql
  @OptionGroup var http: HTTPClientOptions

  /// Splits `[SERVER] WORD…` by the number of words that must follow the server.
  func address(_ words: [String], arguments: Int) throws -> (server: String, rest: [String]) {
    guard words.count == arguments || words.count == arguments + 1 else {
      throw ValidationError("expected \(arguments == 0 ? "[SERVER]" : "[SERVER] and one more word")")
    }
    guard words.count > arguments else { return (Self.ownServer, words) }
    return (try QueryClient.address(words[0]), Array(words.dropFirst()))
  }

  /// The `data` of the server's answer; see ``QueryClient/ask(_:_:_:headers:method:)``.
  func ask(
    _ server: String, _ path: String, _ form: [(String, String)], headers: [String] = [], method: String = "POST"
  ) async throws -> Any {
    try await QueryClient(access: try http.access()).ask(server, path, form, headers: headers, method: method)
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
  func fail(_ message: String) -> ExitCode { QueryClient.fail(message) }
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
