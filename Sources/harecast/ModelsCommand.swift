import ArgumentParser
import Foundation
import ModelRegistry
import TimeSeries

/// `harecast models`: trained models as files.
struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List, verify and move trained models.",
    discussion: """
      A model is named, or given as the path of its file. With --key-file a signature by that key is demanded; \
      without, only the checksum is verified, which finds damage but not malice. The exit status is 1 if a model is \
      refused.
      """,
    subcommands: [
      ModelsList.self, ModelsShow.self, ModelsVerify.self, ModelsExport.self, ModelsImport.self, ModelsSign.self,
      ModelsPush.self, ModelsPull.self,
    ])
}

/// `harecast models list`.
struct ModelsList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the models of the folder.")

  @OptionGroup var models: ModelOptions
  @Option(help: "text or json.") var output = ModelOutputFormat.text

  func run() throws {
    try reportingErrors {
      let keys = try models.keys()
      var objects: [[String: Any]] = []
      var lines: [String] = []
      var isGood = true
      let names = models.folder.names()
      if names.isEmpty { CommandOutput.complain("there are no models in \(models.path)") }
      for name in names {
        do {
          let (file, signature, bytes) = try models.read(name, keys: keys)
          objects.append(try ModelText.object(file.header, signature: signature, bytes: bytes.count))
          let error = file.header.metrics["mase"].map { String(format: ", MASE %.3f", $0) } ?? ""
          lines.append(
            "\(name): \(file.header.model), \(file.header.series.count) series, step "
              + "\(PrometheusDuration.format(file.header.step)), trained until "
              + "\(RFC3339.format(file.header.trainedThrough))\(error), \(signature)")
        } catch let error as ModelError {
          objects.append(["name": name, "error": "\(error.reason)"])
          lines.append("\(name): \(error.reason)")
          isGood = false
        }
      }
      switch output {
      case .text: for line in lines { CommandOutput.say(line) }
      case .json: CommandOutput.say(try ModelText.json(objects))
      }
      if !isGood { throw ExitCode(1) }
    }
  }
}

/// `harecast models show`.
struct ModelsShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a model is and how good it was.")

  @Argument(help: "The model's name or file.") var model: String
  @OptionGroup var models: ModelOptions
  @Option(help: "text or json.") var output = ModelOutputFormat.text

  func run() throws {
    try reportingErrors {
      let (file, signature, bytes) = try models.read(model, keys: try models.keys())
      switch output {
      case .text:
        for line in ModelText.lines(file.header, signature: signature, bytes: bytes.count) { CommandOutput.say(line) }
      case .json:
        CommandOutput.say(try ModelText.json(ModelText.object(file.header, signature: signature, bytes: bytes.count)))
      }
    }
  }
}

/// `harecast models verify`.
struct ModelsVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Verify checksum and signature of models.")

  @Argument(help: "Names or files; all models of the folder if there are none.") var names: [String] = []
  @OptionGroup var models: ModelOptions
  @Option(help: "text or json.") var output = ModelOutputFormat.text

  func run() throws {
    try reportingErrors {
      let keys = try models.keys()
      var objects: [[String: Any]] = []
      var isGood = true
      for name in names.isEmpty ? models.folder.names() : names {
        do throws(ModelError) {
          let signature = try models.verified(name, keys: keys)
          objects.append(["model": name, "good": true, "signature": "\(signature)"])
          if output == .text { CommandOutput.say("\(name): good, \(signature)") }
        } catch {
          isGood = false
          objects.append(["model": name, "good": false, "error": "\(error.reason)"])
          if output == .text { CommandOutput.complain("\(error)") }
        }
      }
      if output == .json { CommandOutput.say(try ModelText.json(objects)) }
      if !isGood { throw ExitCode(1) }
    }
  }
}

extension ParsableCommand {
  /// Runs `body`; an error of it is printed as it reads and ends the command with status 1.
  func reportingErrors(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let code as ExitCode {
      throw code
    } catch {
      CommandOutput.complain("\(error)")
      throw ExitCode(1)
    }
  }
}
