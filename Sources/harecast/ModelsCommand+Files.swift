import ArgumentParser
import Foundation
import ModelRegistry

/// `harecast models export`.
struct ModelsExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Verify a model and write a copy of its file.")

  @Argument(help: "The model's name or file.") var model: String
  @Option(help: "The file to write, or - for standard output.") var out: String
  @Flag(help: "Replace the file.") var replace = false
  @OptionGroup var models: ModelOptions

  func run() throws {
    try reportingErrors {
      let (_, _, bytes) = try models.read(model, keys: try models.keys())
      if out == "-" {
        FileHandle.standardOutput.write(Data(bytes))
      } else {
        try AtomicFile.write(bytes, to: out, replaces: replace)
      }
    }
  }
}

/// `harecast models import`.
struct ModelsImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Verify a model file and take it into the folder, under the name that it has.")

  @Argument(help: "The file, or - for standard input.") var file: String
  @Flag(help: "Replace a model of this name.") var replace = false
  @OptionGroup var models: ModelOptions
  @Option(help: "text or json.") var output = ModelOutputFormat.text

  func run() throws {
    try reportingErrors {
      let bytes = file == "-" ? CommandOutput.readInput() : try ModelFolder.bytes(ofFile: file)
      try models.takeIn(bytes, subject: file == "-" ? "standard input" : file, replaces: replace, output: output)
    }
  }
}

/// `harecast models sign`.
struct ModelsSign: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a model with another key.",
    discussion: "The model is verified with --key-file as always, so that nothing is signed that was not trusted.")

  @Argument(help: "The model's name.") var model: String
  @Option(name: .customLong("new-key-file"), help: "The key to sign with.") var newKeyFile: String
  @OptionGroup var models: ModelOptions

  func run() throws {
    try reportingErrors {
      let (file, _, _) = try models.read(model, keys: try models.keys())
      let key = try ModelKey(file: newKeyFile)
      try models.folder.write(try file.bytes(signedWith: key), name: file.header.name, replaces: true)
      CommandOutput.say("\(file.header.name): signed with key \(key.name)")
    }
  }
}

extension ModelOptions {
  /// Verifies a model by its name or file.
  func verified(_ name: String, keys: [ModelKey]) throws(ModelError) -> ModelSignature {
    try read(name, keys: keys).signature
  }

  /// Verifies the bytes of a model file and writes them into the folder.
  ///
  /// - Parameter subject: what errors call the file.
  func takeIn(_ bytes: [UInt8], subject: String, replaces: Bool, output: ModelOutputFormat) throws {
    let (file, signature) = try ModelFile.read(bytes, subject: subject, keys: try keys())
    let name = file.header.name
    try folder.write(bytes, name: name, replaces: replaces)
    switch output {
    case .text: CommandOutput.say("\(name): \(file.header.model), \(file.header.series.count) series, \(signature)")
    case .json:
      CommandOutput.say(try ModelText.json(ModelText.object(file.header, signature: signature, bytes: bytes.count)))
    }
  }
}
