import ArgumentParser
import Foundation
import PromQL
import Rules
import TimeSeries

/// `harecast test`: runs tests that users wrote. Exit status 1 if one fails.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run unit tests of rules.", subcommands: [TestRules.self])
}

/// `harecast test rules FILE…`: promtool's unit-test files, with promtool's words. Rules that predict are tested too.
struct TestRules: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Run unit tests of rule files, in promtool's format.")

  @Option(
    name: .customLong("enable-feature"), parsing: .singleValue,
    help: "promql-experimental-functions, promql-delayed-name-removal, promql-duration-expr; several with commas.")
  var features: [String] = []

  @Option(parsing: .singleValue, help: "Run only tests whose names match this regular expression; may be repeated.")
  var run: [String] = []

  @Option(help: "Write the results in the form of JUnit to this file.") var junit: String?

  @Flag(help: "Show alerts that differ as one coloured document.") var diff = false

  @Flag(help: "Trace the tests and show all data at their end.") var debug = false

  @Flag(name: .customLong("ignore-unknown-fields"), help: "Ignore unknown fields in rule files.")
  var ignoreUnknownFields = false

  @Argument(help: "Files of unit tests.") var files: [String]

  func run() async throws {
    let features = FeatureNames(features)
    var options = UnitTestRunner.Options()
    features.apply(to: &options.query)
    for name in features.unknown { CommandOutput.say("  WARNING: Unknown feature passed to --enable-feature: \(name)") }
    options.query.predictor = Predictors()
    options.showsDifferences = diff
    options.isTracing = debug
    for pattern in run {
      do {
        options.only.append(try UnitTestRunner.namePattern(pattern))
      } catch {
        throw ValidationError("--run: \(error)")
      }
    }
    let runner = UnitTestRunner(options: options)
    var reports: [UnitTestReport] = []
    for path in files {
      let report = await report(path, runner, QueryEngine(options: options.query))
      report.trace.forEach { CommandOutput.say($0) }
      if report.failures.isEmpty {
        CommandOutput.say("  SUCCESS")
      } else {
        CommandOutput.complain("  FAILED:")
        for failure in report.failures {
          CommandOutput.complain(failure)
          CommandOutput.say()
        }
      }
      CommandOutput.say()
      reports.append(report)
    }
    var failed = reports.contains { !$0.failures.isEmpty }
    if let junit {
      let text = UnitTestReport.junit(reports, timestamp: String(RFC3339.format(SystemTime().now()).prefix(19)))
      do {
        try text.write(toFile: junit, atomically: true, encoding: .utf8)
      } catch {
        CommandOutput.complain("cannot write \(junit): \(error.localizedDescription)")
        failed = true
      }
    }
    if failed { throw ExitCode(1) }
  }

  private func report(_ path: String, _ runner: UnitTestRunner, _ engine: QueryEngine) async -> UnitTestReport {
    guard let text = CommandOutput.text(ofFile: path) else {
      return UnitTestReport(path: path, fault: "\(path): \(CommandOutput.reasonNotToRead(path))")
    }
    do throws(RuleFileErrors) {
      let file = try UnitTestFile.parse(text, path: path)
      return await runner.run(file, rules: rules(of: file, engine))
    } catch {
      return UnitTestReport(path: path, fault: error.description)
    }
  }

  /// The rule files that a file of tests names, relative to its folder, patterns included.
  private func rules(of file: UnitTestFile, _ engine: QueryEngine) -> Result<[RuleFile], RuleFileErrors> {
    var result: [RuleFile] = []
    var faults: [RuleFileError] = []
    let folder = URL(filePath: file.path).deletingLastPathComponent()
    for pattern in file.ruleFiles {
      let whole = pattern.hasPrefix("/") || pattern.isEmpty ? pattern : Self.joined(folder.relativePath, pattern)
      let paths = Self.matches(of: whole)
      if paths.isEmpty { CommandOutput.complain("  WARNING: no file match pattern \(whole)") }
      for path in paths {
        guard let text = CommandOutput.text(ofFile: path) else {
          faults.append(
            RuleFileError(path: path, line: 0, column: 0, message: CommandOutput.reasonNotToRead(path)))
          continue
        }
        do throws(RuleFileErrors) {
          result.append(
            try RuleFile.parse(text, path: path, engine: engine, ignoresUnknownFields: ignoreUnknownFields))
        } catch {
          faults += error.errors
        }
      }
    }
    return faults.isEmpty ? .success(result) : .failure(RuleFileErrors(errors: faults))
  }

  private static func joined(_ folder: String, _ path: String) -> String {
    folder.isEmpty || folder == "." ? path : "\(folder)/\(path)"
  }

  private static func matches(of pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }
}
