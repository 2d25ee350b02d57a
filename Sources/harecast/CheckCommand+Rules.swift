import ArgumentParser
import PromQL
import Rules
import TimeSeries

/// `harecast check rules [FILE…]`; without files, standard input.
struct CheckRules: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rules", abstract: "Check rule files.")

  @OptionGroup var options: LintOptions

  @Argument(help: "Rule files; standard input if there are none.") var files: [String] = []

  func run() async throws {
    var outcome = CheckOutcome()
    if files.isEmpty {
      CommandOutput.say("Checking standard input")
      let text = String(validating: CommandOutput.readInput(), as: UTF8.self)
      outcome.add(Self.check(text, path: "standard input", options))
    } else {
      for file in files { outcome.add(Self.check(file, options)) }
    }
    try outcome.finish(options)
  }

  /// Prints what is to be said of one file.
  static func check(_ file: String, _ options: LintOptions) -> CheckOutcome {
    CommandOutput.say("Checking \(file)")
    return check(CommandOutput.text(ofFile: file), path: file, options)
  }

  private static func check(_ text: String?, path: String, _ options: LintOptions) -> CheckOutcome {
    guard let text else {
      CommandOutput.complain("  FAILED:\n\(path): \(CommandOutput.reasonNotToRead(path))")
      return CheckOutcome(hasFaults: true)
    }
    var query = QueryOptions()
    FeatureNames(options.features).apply(to: &query)
    do throws(RuleFileErrors) {
      let file = try RuleFile.parse(
        text, path: path, engine: QueryEngine(options: query), ignoresUnknownFields: options.ignoreUnknownFields)
      let repeated = options.looksFor("duplicate-rules") ? file.repeatedRules : []
      if !repeated.isEmpty {
        CommandOutput.complain("  FAILED:\nlint error \(description(of: repeated))")
        CommandOutput.say()
        return CheckOutcome(hasLint: true)
      }
      CommandOutput.say("  SUCCESS: \(file.ruleCount) rules found")
      CommandOutput.say()
      return CheckOutcome()
    } catch {
      CommandOutput.complain("  FAILED:\n\(error)")
      return CheckOutcome(hasFaults: true)
    }
  }

  private static func description(of repeated: [(name: String, labels: Labels)]) -> String {
    var text = "\(repeated.count) duplicate rule(s) found.\n"
    for rule in repeated {
      text += "Metric: \(rule.name)\nLabel(s):\n"
      for label in rule.labels.elements { text += "\t\(label.name): \(label.value)\n" }
    }
    return text + "Might cause inconsistency while recording expressions"
  }
}
