import ArgumentParser
import Backtest
import Forecasting
import Foundation
import ModelRegistry
import Outlook
import TimeSeries

/// `harecast train`: fits a model to a history and keeps it as a file.
struct TrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Fit a model to a history and keep it as a file.",
    discussion: """
      The history is that of a PromQL expression, from a server (--url) or from a store (--storage.path), or a CSV \
      file (--data): timestamp_ms, then one column for each series. One model is fitted for each series. What is \
      printed are its errors on the newest part of the history, which it had not seen then; the model that is kept \
      has learnt that part too.
      """)

  @Option(help: "What the model is called; its file is NAME.hcmodel.") var name: String
  @Option(help: "The kind of model: \(ForecastModels.names.joined(separator: ", ")).") var model = AutoForecaster.name
  @Option(help: "A CSV file with the history.") var data: String?
  @Option(
    name: .customLong("companion"),
    help: "An expression (with --data a column) that lstm or two_model looks at beside it; may be given again.")
  var companions: [String] = []
  @Option(help: "How far ahead the model is judged.") var horizon = "1h"
  @Option(name: .customLong("held-out"), help: "The share of the history that is held out to judge.")
  var heldOut = 0.2
  @Option(help: "The most series; those with the largest mean are taken.") var limit = 200
  @Flag(help: "Replace a model of this name.") var replace = false
  @Option(help: "A file to write the model to, in place of the folder.") var out: String?
  @Option(help: "text or json.") var output = ModelOutputFormat.text
  @OptionGroup(title: "Settings of prophet") var prophet: ProphetOptions
  @OptionGroup(title: "Calendar") var calendar: CalendarOptions
  @OptionGroup(title: "History") var history: HistoryOptions
  @OptionGroup(title: "Models") var models: ModelOptions

  mutating func validate() throws {
    guard ModelFolder.isName(name) else { throw ValidationError("--name: \(ModelError(name, .badName))") }
    guard ForecastModels.names.contains(model) else {
      throw ValidationError("--model: \"\(model)\" is not one of \(ForecastModels.names.joined(separator: ", "))")
    }
    guard heldOut >= 0, heldOut <= 0.9 else { throw ValidationError("--held-out: \(heldOut) is not between 0 and 0.9") }
    guard limit >= 1, limit <= ModelFile.mostSeries else {
      throw ValidationError("--limit: \(limit) is not between 1 and \(ModelFile.mostSeries)")
    }
    guard let length = PrometheusDuration.parse(horizon), length > 0 else {
      throw ValidationError("--horizon: \"\(horizon)\" is not a duration such as 1h")
    }
    if prophet.isUsed, model != ProphetForecaster.name {
      throw ValidationError("the settings of prophet need --model \(ProphetForecaster.name)")
    }
    try CompanionOptions.check(companions, models: [model])
    _ = try prophet.settings()
    _ = try calendar.configuration()
    if history.query == nil {
      guard data != nil else { throw ValidationError("give --query or --data") }
      if history.url != nil || history.http.file != nil || history.storagePath != nil || history.start != nil
        || history.end != nil
      {
        throw ValidationError("--url, --http.config.file, --storage.path, --start and --end need --query")
      }
    } else {
      if data != nil { throw ValidationError("--data does not go with --query") }
      try history.checkSource()
    }
  }

  func run() async throws {
    do {
      let keys = try models.keys()
      let target = try models.folder.file(of: name)
      if out == nil, !replace, FileManager.default.fileExists(atPath: target) {
        throw ModelError(target, .exists)
      }
      try out.map(OutputFile.check)
      let (found, companions, step, source) = try await read()
      let all = found.filter(ForecastTraining.isEnough)
      for one in found where !ForecastTraining.isEnough(one) && !all.isEmpty {
        CommandOutput.complain("\(one.labels): left out, it has fewer than \(ForecastTraining.leastValues) values")
      }
      let series = RecordedSeries.busiest(limit, of: all)
      if series.count < all.count {
        CommandOutput.complain("the \(series.count) busiest of \(all.count) series are learnt (--limit)")
      }
      var training = ForecastTraining(
        model: model, horizon: Int(max(1, (PrometheusDuration.parse(horizon) ?? step) / step)), heldOut: heldOut)
      training.prophet = try prophet.settings()
      training.calendar = try calendar.calendar(of: series)
      let progress = StepProgress("series")
      let settings = prophet.given.merging(calendar.given) { own, _ in own }
      let file = try await training.file(
        series, companions: companions, step: step, name: name, query: source, settings: settings,
        created: SystemTime().now(), version: Harecast.version
      ) { progress.show($0, of: series.count) }
      progress.end()
      let bytes = try file.bytes(signedWith: keys.first)
      if let out {
        try AtomicFile.write(bytes, to: out, replaces: replace)
      } else {
        try models.folder.write(bytes, name: name, replaces: replace)
      }
      let signature = keys.first.map { ModelSignature.verified($0.name) } ?? .none
      switch output {
      case .text:
        for line in ModelText.lines(file.header, signature: signature, bytes: bytes.count, path: out ?? target) {
          CommandOutput.say(line)
        }
      case .json:
        CommandOutput.say(try ModelText.json(ModelText.object(file.header, signature: signature, bytes: bytes.count)))
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

  private func read() async throws -> (
    series: [RecordedSeries], companions: [CompanionHistory], step: Int64, source: String
  ) {
    if let query = history.query {
      let now = QueryTime.now()
      let (series, step) = try await history.read(query, now: now)
      guard !series.isEmpty else { throw BacktestError(query, "no series in this time") }
      return (series, try await CompanionOptions.read(companions, history, now: now), step, query)
    }
    let table = try TimestampedTable(path: data ?? "")
    let step = try QueryTime.step(history.step).map { Int64($0 * 1000) } ?? table.usualStep
    guard let step, step > 0 else { throw BacktestError(table.path, "has fewer than two rows: give --step") }
    // What a companion's column is called tells nothing of whose companion it is: it goes with all.
    var beside: [CompanionHistory] = []
    let columns = zip(table.names, table.recordedSeries)
    for name in companions {
      guard var (_, column) = columns.first(where: { $0.0 == name }) else {
        throw BacktestError(table.path, "has no column \"\(name)\" (--companion)")
      }
      column.labels = .empty
      beside.append(CompanionHistory(source: name, series: [column]))
    }
    let series = columns.filter { !companions.contains($0.0) }.map(\.1)
    guard !series.isEmpty else { throw BacktestError(table.path, "has no column besides the companions") }
    return (series, beside, step, table.path)
  }
}
