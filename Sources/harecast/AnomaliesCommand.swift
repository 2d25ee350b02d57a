import ArgumentParser
import Foundation

/// `harecast anomalies`: what a running Harecast finds unusual, and what operators say about it.
struct AnomaliesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anomalies", abstract: "Show what is unusual now, and say which alerts were false.",
    subcommands: [AnomaliesListCommand.self, AnomaliesMarkCommand.self])
}

/// How to reach the server, and as whom.
struct AnomaliesServer: ParsableArguments {
  @Option(name: [.customShort("u"), .long], help: "The user, if the server asks for one.") var user: String?

  @Option(name: .customLong("password-file"), help: "A file that holds the password and nothing else.")
  var passwordFile: String?

  /// The header field for basic authentication; none without a user.
  ///
  /// - Parameter http: what may say already who asks.
  func headers(beside http: HTTPClientOptions) throws -> [String] {
    guard let user else {
      if passwordFile != nil { throw ValidationError("--password-file needs --user") }
      return []
    }
    guard let passwordFile else { throw ValidationError("--user needs --password-file") }
    if try http.access().isAuthenticated {
      throw ValidationError("--user does not go with a --http.config.file that says who asks")
    }
    guard let data = FileManager.default.contents(atPath: passwordFile) else {
      CommandOutput.complain("\(passwordFile): \(CommandOutput.reasonNotToRead(passwordFile))")
      throw ExitCode(1)
    }
    var password = String(decoding: data, as: UTF8.self)
    while password.hasSuffix("\n") || password.hasSuffix("\r") { password.removeLast() }
    return ["Authorization: Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"]
  }
}

/// `harecast anomalies list`.
struct AnomaliesListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "The signals that are unusual now.")

  @OptionGroup var options: QueryOptionsGroup
  @OptionGroup var server: AnomaliesServer
  @Option(help: "Only from this level on: info, warning or critical; none for all that is remembered.")
  var level = "info"
  @Argument(help: "[SERVER] \(QueryOptionsGroup.ownServerHint)") var words: [String] = []

  func run() async throws {
    let address = try options.address(words, arguments: 0).server
    let data = try await options.ask(
      address, "anomalies", level == "none" ? [] : [("level", level)],
      headers: try server.headers(beside: options.http),
      method: "GET")
    options.show(data) { data in
      let anomalies = ((data as? [String: Any])?["anomalies"] as? [[String: Any]]) ?? []
      if anomalies.isEmpty { CommandOutput.complain("nothing is unusual") }
      return anomalies.map { one in
        let labels = (one["labels"] as? [String: String] ?? [:]).sorted { $0.key < $1.key }
          .map { "\($0.key)=\"\($0.value)\"" }.joined(separator: ",")
        let severity = String(format: "%.1f", (one["severity"] as? Double) ?? 0)
        let score = String(format: "%.2f", (one["score"] as? Double) ?? 0)
        return "\(one["level"] ?? "") \(severity) score \(score) since \(one["since"] ?? "now"): "
          + "\(one["title"] ?? "") {\(labels)}"
      }
    }
  }
}

/// `harecast anomalies mark`.
struct AnomaliesMarkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mark",
    abstract: "Say whether an alert was true or false; the budget of false alarms of its rule follows.")

  @OptionGroup var options: QueryOptionsGroup
  @OptionGroup var server: AnomaliesServer
  @Option(help: "The rule whose alert it was, by the name of the recorded score.") var rule: String
  @Option(help: "true or false, or reset to take all marks back.") var verdict: String
  @Argument(help: "[SERVER] \(QueryOptionsGroup.ownServerHint)") var words: [String] = []

  func run() async throws {
    guard ["true", "false", "reset"].contains(verdict) else {
      throw ValidationError("--verdict: \"\(verdict)\" is neither true nor false nor reset")
    }
    let address = try options.address(words, arguments: 0).server
    let data = try await options.ask(
      address, "anomalies/feedback", [("rule", rule), ("verdict", verdict)],
      headers: try server.headers(beside: options.http))
    options.show(data) { data in
      let answer = data as? [String: Any]
      return ["\(rule): the budget is now \(answer?["budgetFactor"] ?? "?") times the configured one"]
    }
  }
}
