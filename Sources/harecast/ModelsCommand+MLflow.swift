import ArgumentParser
import Foundation
import HTTPFetch
import ModelRegistry
import TimeSeries

/// Which registry is meant, and who asks.
struct MLflowOptions: ParsableArguments {
  @Option(help: "The address of an MLflow server, for instance http://mlflow:5000.") var mlflow: String
  @Option(name: .customLong("registered-name"), help: "What the registry calls the model [its name].")
  var registeredName: String?
  @Option(name: .customLong("bearer-token-file"), help: "A file with the token to ask with.") var tokenFile: String?
  @Option(help: "The user to ask as; needs --password-file.") var username: String?
  @Option(name: .customLong("password-file"), help: "A file with the user's password.") var passwordFile: String?
  @Option(name: .customLong("ca-file"), help: "The authorities to trust, as PEM, instead of the system's.")
  var authorityFile: String?

  func validate() throws {
    guard (username == nil) == (passwordFile == nil) else {
      throw ValidationError("--username and --password-file go together")
    }
    guard tokenFile == nil || username == nil else {
      throw ValidationError("--bearer-token-file does not go with --username")
    }
  }

  /// Runs `body` with the registry, and closes what it needed.
  func withRegistry<Result>(_ body: (MLflowRegistry) async throws -> Result) async throws -> Result {
    var access = MLflowRegistry.Access.open
    if let tokenFile { access = .bearer(try Self.secret(tokenFile)) }
    if let username, let passwordFile {
      access = .basic(BasicAuthentication(username: username, password: try Self.secret(passwordFile)))
    }
    var tls = TLSOptions()
    tls.authority = authorityFile.map { .file($0) }
    let client = HTTPClient(configuration: HTTPClientConfiguration(userAgent: "harecast/\(Harecast.version)"))
    do {
      let result = try await body(try MLflowRegistry(url: mlflow, access: access, tls: tls, client: client))
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }

  private static func secret(_ file: String) throws -> String {
    guard let text = CommandOutput.text(ofFile: file) else {
      throw ModelError(file, .system(CommandOutput.reasonNotToRead(file)))
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// `harecast models push`.
struct ModelsPush: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Verify a model and register it with MLflow as a new version.")

  @Argument(help: "The model's name or file.") var model: String
  @OptionGroup var registry: MLflowOptions
  @Option(help: "The experiment that the run belongs to.") var experiment = "harecast"
  @Option(help: "A name to point at the new version, for instance champion.") var alias: String?
  @OptionGroup var models: ModelOptions
  @Option(help: "text or json.") var output = ModelOutputFormat.text

  func run() async throws {
    try await reportingAsyncErrors {
      let (file, _, bytes) = try models.read(model, keys: try models.keys())
      let name = registry.registeredName ?? file.header.name
      let version = try await registry.withRegistry {
        try await $0.push(bytes, file, as: name, experiment: experiment, alias: alias, now: SystemTime().now())
      }
      switch output {
      case .text: CommandOutput.say("\(name): version \(version)" + (alias.map { ", \($0)" } ?? ""))
      case .json: CommandOutput.say(try ModelText.json(["name": name, "version": version]))
      }
    }
  }
}

/// `harecast models pull`.
struct ModelsPull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetch a model from MLflow, verify it, and take it into the folder.")

  @Argument(help: "What the registry calls the model.") var model: String
  @OptionGroup var registry: MLflowOptions
  @Option(name: .customLong("model-version"), help: "The version [the latest].") var version: String?
  @Option(help: "The alias of the version, for instance champion.") var alias: String?
  @Flag(help: "Replace a model of this name.") var replace = false
  @OptionGroup var models: ModelOptions
  @Option(help: "text or json.") var output = ModelOutputFormat.text

  func validate() throws {
    if version != nil, alias != nil { throw ValidationError("--model-version does not go with --alias") }
    if registry.registeredName != nil { throw ValidationError("--registered-name is for push") }
  }

  func run() async throws {
    try await reportingAsyncErrors {
      let wanted: MLflowRegistry.Wanted = alias.map { .alias($0) } ?? version.map { .version($0) } ?? .latest
      let (bytes, found) = try await registry.withRegistry { try await $0.pull(model, wanted) }
      try models.takeIn(bytes, subject: "\(model), version \(found)", replaces: replace, output: output)
    }
  }
}

extension AsyncParsableCommand {
  /// Runs `body`; an error of it is printed as it reads and ends the command with status 1.
  func reportingAsyncErrors(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let code as ExitCode {
      throw code
    } catch {
      CommandOutput.complain("\(error)")
      throw ExitCode(1)
    }
  }
}
