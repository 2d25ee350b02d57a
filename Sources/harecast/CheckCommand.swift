import ArgumentParser

/// `harecast check`: looks at files without starting anything, with promtool's options, words and exit statuses: 1 if
/// something is wrong, 3 for mere lint where that was asked for.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check configuration files, rule files, metrics and servers.",
    subcommands: [
      CheckConfiguration.self, CheckRules.self, CheckMetrics.self, CheckWebConfiguration.self, CheckHealthy.self,
      CheckReady.self,
    ])
}

/// The exit statuses of checks.
enum CheckStatus {
  static let failed = ExitCode(1)
  static let lint = ExitCode(3)
}

/// The flags about lint that `check rules` and `check config` share.
struct LintOptions: ParsableArguments {
  @Option(help: "What to look for besides faults: all, duplicate-rules, too-long-scrape-interval or none.")
  var lint = "duplicate-rules"

  @Flag(name: .customLong("lint-fatal"), help: "Exit with status 3 if lint is found.") var lintFatal = false

  @Flag(name: .customLong("ignore-unknown-fields"), help: "Ignore unknown fields in rule files.")
  var ignoreUnknownFields = false

  @Option(
    name: .customLong("enable-feature"), parsing: .singleValue,
    help: "promql-experimental-functions, promql-delayed-name-removal, promql-duration-expr; several with commas.")
  var features: [String] = []

  func validate() throws {
    for word in words where !["all", "duplicate-rules", "too-long-scrape-interval", "none"].contains(word) {
      throw ValidationError("--lint: \"\(word)\" is not one of all, duplicate-rules, too-long-scrape-interval, none")
    }
  }

  private var words: [String] { lint.split(separator: ",").map(String.init) }

  /// Whether lint of this kind is looked for.
  func looksFor(_ kind: String) -> Bool { words.contains("all") || words.contains(kind) }
}

/// What a check has come to.
struct CheckOutcome {
  var hasFaults = false
  var hasLint = false

  mutating func add(_ other: CheckOutcome) {
    hasFaults = hasFaults || other.hasFaults
    hasLint = hasLint || other.hasLint
  }

  /// Ends the command with the status that fits.
  func finish(_ options: LintOptions) throws {
    if hasFaults { throw CheckStatus.failed }
    if hasLint, options.lintFatal { throw CheckStatus.lint }
  }
}
