import ArgumentParser
import Operations
import Outlook
import Rules
import Settings
import TimeSeries

/// `harecast check config FILE…`
struct CheckConfiguration: AsyncParsableCommand {
  /// A scrape interval over this leaves holes in queries, in milliseconds.
  private static let lookback: Int64 = 300_000

  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Check configuration files and the rule files they name.")

  @OptionGroup var options: LintOptions

  @Flag(name: .customLong("syntax-only"), help: "Do not look at the files that a configuration names.")
  var syntaxOnly = false

  @Argument(help: "Configuration files.") var files: [String]

  func run() async throws {
    var outcome = CheckOutcome()
    for file in files { outcome.add(check(file)) }
    try outcome.finish(options)
  }

  private func check(_ file: String) -> CheckOutcome {
    CommandOutput.say("Checking \(file)")
    let configuration: HarecastConfiguration
    var outcome = CheckOutcome()
    do {
      configuration = try HarecastConfiguration.load(file)
      _ = try OperationsConfiguration(configuration.operations)
      let outlook = try OutlookConfiguration(configuration.forecasting, folder: configuration.folder)
      // A rule file that is not there yet is no error, as for a server.
      for remark in configuration.remarks where !(syntaxOnly && remark.contains(": rule_files: ")) {
        CommandOutput.say("  NOTE: \(remark)")
      }
      if !syntaxOnly {
        outcome.hasFaults = hasUnreadableFiles(configuration)
        if !outcome.hasFaults { _ = try outlook.calendar(at: SystemTime().now()) }
      }
    } catch {
      CommandOutput.complain("  FAILED: \(error)")
      CommandOutput.say()
      return CheckOutcome(hasFaults: true)
    }
    if !syntaxOnly, !configuration.ruleFiles.isEmpty {
      CommandOutput.say("  SUCCESS: \(configuration.ruleFiles.count) rule files found")
    }
    if !outcome.hasFaults { CommandOutput.say(" SUCCESS: \(file) is valid prometheus config file syntax") }
    CommandOutput.say()
    if syntaxOnly { return outcome }
    if options.looksFor("too-long-scrape-interval") {
      for job in configuration.scrapes where job.scrapeInterval > Self.lookback {
        outcome.hasLint = true
        CommandOutput.complain(
          "lint error Long Scrape Interval found. Data point will be marked as stale. Job: \(job.jobName). "
            + "Interval: \(PrometheusDuration.format(job.scrapeInterval))")
      }
    }
    for ruleFile in configuration.ruleFiles { outcome.add(CheckRules.check(ruleFile, options)) }
    if !outcome.hasFaults { outcome.add(checkModels(configuration)) }
    return outcome
  }

  /// Whether files that the configuration names cannot be read; each is told, with the place of its name.
  private func hasUnreadableFiles(_ configuration: HarecastConfiguration) -> Bool {
    let files = configuration.checkFiles()
    for remark in files.remarks { CommandOutput.say("  WARNING: \(remark)") }
    for fault in files.faults { CommandOutput.complain("  FAILED: \(fault)") }
    return !files.faults.isEmpty
  }

  /// Verifies the trained models that rules ask for, if the configuration says where they lie: the data folder, where
  /// they are else, is known to the server alone.
  private func checkModels(_ configuration: HarecastConfiguration) -> CheckOutcome {
    guard configuration.models.path != nil else { return CheckOutcome() }
    do {
      let rules = try configuration.ruleFiles.map { path in
        try RuleFile.parse(CommandOutput.text(ofFile: path) ?? "", path: path, ignoresUnknownFields: true)
      }
      var plan = Sidecar.Plan(configuration: configuration, rules: rules)
      try plan.attachTrainedModels(storagePath: nil)
      return CheckOutcome()
    } catch {
      CommandOutput.complain("  FAILED: \(error)")
      return CheckOutcome(hasFaults: true)
    }
  }
}
