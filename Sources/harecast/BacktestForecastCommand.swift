import ArgumentParser
import Backtest
import Foundation
import TimeSeries

/// `harecast backtest forecast`: forecasts of a dataset at given origins, or of the user's own history.
struct BacktestForecastCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast", abstract: "Show what models would have forecast, and how far off they were.",
    discussion: """
      With --data and --out, the series of a dataset are forecast from the origins of its manifest. With --query, the \
      history of a PromQL expression is read from a server (--url) or from a store (--storage.path), models are fitted \
      at origins that roll through it, each to nothing but its past, and a table of errors, coverage and costs is \
      printed; --report writes a page with the curves.
      """)

  @Option(help: "The folder with the series as CSV files.")
  var data: String?

  @Option(help: "The manifest that describes them; manifest.json in the folder if left out.")
  var manifest: String?

  @Option(help: "Which split of the manifest to forecast, or all.")
  var split = "all"

  @Option(
    name: .customLong("model"),
    help: """
      \(ForecastBacktest.modelNames.joined(separator: ", ")), or all; several with commas [auto; with --query a few \
      cheap ones].
      """)
  var models: [String] = []

  @Option(
    help: "With --data the origins to forecast by position, with commas [all]; with --query how many of a series [24].")
  var origins: String?

  @Flag(help: "With --data: forecast the greatest value so far at each step, for alerts at a threshold; auto only.")
  var maximum = false

  @Option(help: "The file to write, one JSON object a line; compressed if it ends in .gz.")
  var out: String?

  @Option(name: .customLong("horizon"), help: "With --query: how far ahead; several with commas [1h,24h].")
  var horizons: [String] = []

  @Option(help: "With --query: the most series; those with the largest mean are taken.")
  var limit = 20

  @Option(
    name: .customLong("companion"),
    help: "With --query: the expression of a signal that lstm and two_model look at beside it; may be given again.")
  var companions: [String] = []

  @Option(help: "With --query: a file to write a self-contained HTML page to.") var report: String?

  @OptionGroup var history: HistoryOptions

  mutating func validate() throws {
    if history.query == nil {
      guard data != nil, out != nil else { throw ValidationError("give --data and --out, or --query") }
      guard !history.isUsed, report == nil, horizons.isEmpty, companions.isEmpty else {
        throw ValidationError(
          "--url, --http.config.file, --storage.path, --start, --end, --step, --report, --horizon and --companion need --query"
        )
      }
      guard modelNames.count == 1 else { throw ValidationError("--model: one model at a time with --data") }
      if maximum, modelNames != ["auto"] { throw ValidationError("--maximum: only auto forecasts the maximum") }
      _ = try positions()
    } else {
      if maximum { throw ValidationError("--maximum goes with --data") }
      if data != nil || out != nil { throw ValidationError("--data and --out do not go with --query") }
      try history.checkSource()
      if limit < 1 { throw ValidationError("--limit: \(limit) is below 1") }
      _ = try originCount()
      _ = try horizonSteps(try history.stepLength())
      try CompanionOptions.check(companions, models: modelNames)
    }
    if let unknown = modelNames.first(where: { !ForecastBacktest.modelNames.contains($0) }) {
      throw ValidationError(
        "--model: \"\(unknown)\" is not one of \(ForecastBacktest.modelNames.joined(separator: ", "))")
    }
  }

  func run() async throws {
    do {
      if let query = history.query {
        try await runHistory(query)
      } else if let data, let out {
        try await runDataset(data, out)
      }
    } catch let code as ExitCode {
      throw code
    } catch let error as ValidationError {
      throw error
    } catch {
      CommandOutput.complain("\(error)")
      throw ExitCode(1)
    }
  }

  /// The names that were asked for, each once.
  private var modelNames: [String] {
    let given = models.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
    if given.isEmpty {
      return history.query == nil ? ["auto"] : ["auto", "theta", "holt_winters", "ar_ridge", "seasonal_naive", "naive"]
    }
    var names: [String] = []
    for name in given {
      for one in name == "all" ? ForecastBacktest.modelNames : [name] where !names.contains(one) { names.append(one) }
    }
    return names
  }

  // MARK: A dataset

  private func positions() throws -> Set<Int>? {
    guard let origins else { return nil }
    let numbers = origins.split(separator: ",").map { Int($0) }
    guard !numbers.isEmpty, numbers.allSatisfy({ ($0 ?? -1) >= 0 }) else {
      throw ValidationError("--origins: \"\(origins)\" is not a list of positions such as 1,3")
    }
    return Set(numbers.compactMap { $0 })
  }

  private func runDataset(_ data: String, _ out: String) async throws {
    let dataset = try ForecastDataset(folder: data, manifest: manifest, split: split)
    let backtest = ForecastBacktest(
      model: modelNames.first ?? "auto", origins: try positions(), forecastsMaximum: maximum)
    let count = dataset.entries.count
    let progress = StepProgress("series")
    try await backtest.run(dataset, writingTo: out) { progress.show($0, of: count) }
    progress.end()
  }

  // MARK: One's own history

  private func originCount() throws -> Int {
    guard let origins else { return 24 }
    guard let count = Int(origins), (1...1000).contains(count) else {
      throw ValidationError("--origins: \"\(origins)\" is not a number from 1 to 1000")
    }
    return count
  }

  private func horizonSteps(_ step: Int64) throws -> [Int] {
    let texts = horizons.isEmpty ? ["1h", "24h"] : horizons.flatMap { $0.split(separator: ",").map(String.init) }
    return try texts.map { text in
      guard let length = PrometheusDuration.parse(text), length > 0 else {
        throw ValidationError("--horizon: \"\(text)\" is not a duration such as 1h")
      }
      guard length >= step else {
        throw ValidationError(
          "--horizon: \(text) is shorter than the --step of \(PrometheusDuration.format(step)) that is looked at")
      }
      let steps = (length + step - 1) / step
      guard steps <= Self.mostSteps else {
        throw ValidationError(
          "--horizon: \(text) are \(steps) steps, the limit is \(Self.mostSteps): take a longer --step")
      }
      return Int(steps)
    }
  }

  /// The most steps that one forecast reaches.
  private static let mostSteps: Int64 = 20_000

  private func runHistory(_ query: String) async throws {
    // What ends only after minutes should not fail at its last step.
    try report.map(OutputFile.check)
    let now = QueryTime.now()
    let (all, step) = try await history.read(query, now: now)
    guard !all.isEmpty else {
      CommandOutput.complain("\(query): no series in this time")
      throw ExitCode(1)
    }
    let series = RecordedSeries.busiest(limit, of: all)
    if series.count < all.count {
      CommandOutput.complain("the \(series.count) busiest of \(all.count) series are looked at (--limit)")
    }
    let backtest = ForecastHistory(
      models: modelNames, horizons: try horizonSteps(step), originCount: try originCount())
    let progress = StepProgress("models on series")
    let results = try await backtest.run(
      series, companions: try await CompanionOptions.read(companions, history, now: now), step: step
    ) { progress.show($0, of: $1) }
    progress.end()
    CommandOutput.say(ForecastSummary.table(results, history: backtest, step: step))
    if let report {
      try OutputFile.write(
        Data(ForecastReport.html(results, history: backtest, title: query).utf8), to: report)
    }
    guard results.contains(where: { $0.outcomes.contains { $0.failure == nil } }) else { throw ExitCode(1) }
  }
}

/// Says on a terminal how far long work has come; quiet elsewhere.
struct StepProgress: Sendable {
  private let what: String
  private let isShown = isatty(STDERR_FILENO) == 1

  /// - Parameter what: what is counted.
  init(_ what: String) { self.what = what }

  func show(_ done: Int, of all: Int) {
    if isShown { FileHandle.standardError.write(Data("\r\(done)/\(all) \(what)".utf8)) }
  }

  func end() {
    if isShown { FileHandle.standardError.write(Data("\n".utf8)) }
  }
}
