import ArgumentParser
import CMalloc
import Foundation
import StrictYAML

/// The command line: one file for each subcommand.
@main
struct Harecast: AsyncParsableCommand {
  /// The version that the build reports.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "harecast",
    abstract: "An early-warning sidecar for RabbitMQ: forecasts, anomaly scores and alerts as Prometheus series.",
    version: version,
    subcommands: [
      ServeCommand.self, DemoCommand.self, CheckCommand.self, TestCommand.self, QueryCommand.self, BacktestCommand.self,
      TrainCommand.self, ModelsCommand.self, AnomaliesCommand.self,
    ])

  /// Exit status 0 is good, 1 says that a check or the run failed, 2 that the command line was wrong.
  static func main() async {
    // glibc gives each thread an arena of its own, which holds on to what it once needed; with one arena the demo
    // stays four megabytes smaller, and the threads' caches keep them out of each other's way.
    hc_malloc_use_one_arena()
    do {
      let arguments = CommandLine.arguments.dropFirst().flatMap(separatingEmptyValue)
      try refuseUnknownCommand(arguments)
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch  where exitCode(for: error) == .validationFailure {
      FileHandle.standardError.write(Data("\(message(for: error))\n".utf8))
      Foundation.exit(2)
    } catch {
      exit(withError: error)
    }
  }

  /// `--storage.path=` as two words, since the parser takes an empty value only as a word of its own.
  private static func separatingEmptyValue(_ word: String) -> [String] {
    word.hasPrefix("--") && word.firstIndex(of: "=") == word.indices.last ? [String(word.dropLast()), ""] : [word]
  }

  /// Says which subcommand was probably meant.
  private static func refuseUnknownCommand(_ words: [String]) throws {
    var commands = configuration.subcommands
    var path = "harecast"
    for word in words where !commands.isEmpty {
      let names = commands.compactMap { $0.configuration.commandName } + ["help"]
      if word.hasPrefix("-") || word == "help" { return }
      guard let command = commands.first(where: { $0.configuration.commandName == word }) else {
        let hint = NearestWord.of(word, in: names).map { "; did you mean \"\($0)\"?" } ?? "; see \(path) --help"
        throw ValidationError("there is no subcommand \"\(word)\"\(hint)")
      }
      commands = command.configuration.subcommands
      path += " \(word)"
    }
  }
}
