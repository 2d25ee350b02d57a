import ArgumentParser
import Foundation
import PromQL
import Rules
import Settings

/// `harecast check`: looks at files without starting anything. Exit status 1 if one is wrong.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check configuration and rule files.",
    subcommands: [CheckConfiguration.self, CheckRules.self])
}

/// `harecast check config FILE…`
struct CheckConfiguration: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check configuration files and the rule files they name.")

  @Argument(help: "Configuration files.") var files: [String]

  func run() async throws {
    var failed = false
    for file in files {
      print("Checking \(file)")
      do {
        let configuration = try HarecastConfiguration.load(file)
        for remark in configuration.remarks { print("  NOTE: \(remark)") }
        print("  SUCCESS: \(file) is valid prometheus config file syntax")
        print()
        for ruleFile in configuration.ruleFiles where !CheckRules.check(ruleFile) { failed = true }
      } catch {
        FileHandle.standardError.write(Data("  FAILED: \(error)\n".utf8))
        failed = true
      }
    }
    if failed { throw ExitCode(1) }
  }
}

/// `harecast check rules FILE…`
struct CheckRules: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rules", abstract: "Check rule files.")

  @Argument(help: "Rule files.") var files: [String]

  func run() async throws {
    if files.map(Self.check).contains(false) { throw ExitCode(1) }
  }

  /// Prints promtool's words for one file; whether it is good.
  static func check(_ file: String) -> Bool {
    print("Checking \(file)")
    do {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw ConfigurationError(path: file, reason: "cannot read the file")
      }
      let rules = try RuleFile.parse(text, path: file)
      print("  SUCCESS: \(rules.ruleCount) rules found")
      print()
      return true
    } catch {
      FileHandle.standardError.write(Data("  FAILED:\n\(error)\n\n".utf8))
      return false
    }
  }
}
