import AnomalyDetection
import ArgumentParser
import Backtest
import Foundation
import Rules
import TimeSeries

/// `harecast backtest anomaly`: anomaly scores of recorded signals, or of the user's own history.
struct BacktestAnomalyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anomaly", abstract: "Show what the anomaly scores of recorded signals would have been.",
    discussion: """
      With --data and --out, every row of <set>/<id>.csv is scored. With --query, the history of a PromQL expression \
      is read from a server (--url) or from a store (--storage.path) and a table is printed; --report writes a page.
      """)

  @Option(help: "A folder with signals as <set>/<id>.csv or .csv.gz.")
  var data: String?

  @Option(help: "The folder to write <set>/<id>.csv into, with timestamp_ms,score,alert.")
  var out: String?

  @Option(
    name: .customLong("false-alarms"),
    help: "How often a healthy signal may alert, as in rules [1 per 30d, a group 1 per 5d], or how often a day.")
  var falseAlarmRate: String?

  @Option(
    name: .customLong("detector"), help: "\(SignalWatch.names.joined(separator: ", ")); may be given again [auto].")
  var detectors: [String] = []

  @Option(help: "With --query: a file to write a self-contained HTML page to.") var report: String?

  @OptionGroup var history: HistoryOptions

  mutating func validate() throws {
    _ = try falseAlarms()
    if let unknown = detectors.first(where: { !SignalWatch.names.contains($0) }) {
      throw ValidationError(
        "--detector: \"\(unknown)\" is not one of \(SignalWatch.names.joined(separator: ", "))")
    }
    if history.query == nil {
      guard data != nil, out != nil else { throw ValidationError("give --data and --out, or --query") }
      if history.isUsed || report != nil {
        throw ValidationError(
          "--url, --http.config.file, --storage.path, --start, --end, --step and --report need --query")
      }
    } else {
      if data != nil || out != nil { throw ValidationError("--data and --out do not go with --query") }
      try history.checkSource()
    }
  }

  /// False alarms a day, if given.
  private func falseAlarms() throws -> Double? {
    guard let text = falseAlarmRate else { return nil }
    guard let rate = Double(text) ?? AnomalyBlock.falseAlarmsPerDay(text) else {
      throw ValidationError(
        "--false-alarms: \"\(text)\" is not a rate; write for instance 1 per 30d, or 0.1 for one in ten days")
    }
    guard rate > 0, rate <= 1000 else {
      throw ValidationError("--false-alarms: \(text) is not between 0 and 1000 a day")
    }
    return rate
  }

  func run() async throws {
    let names = detectors.isEmpty ? [SignalWatch.auto] : detectors
    do {
      if let query = history.query {
        try await runHistory(query, names)
      } else if let data, let out {
        try await runDataset(data, out, names)
      }
    } catch let code as ExitCode {
      throw code
    } catch let error as ValidationError {
      throw error
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(1)
    }
  }

  private func runDataset(_ data: String, _ out: String, _ names: [String]) async throws {
    let backtest = AnomalyBacktest(falseAlarmsPerDay: try falseAlarms(), detectors: names)
    let recordings = try AnomalyBacktest.recordings(in: data)
    var remarks: [String: String] = [:]
    try await withThrowingTaskGroup(of: (path: String, remark: String?).self) { group in
      var waiting = recordings.makeIterator()
      func start() {
        guard let recording = waiting.next() else { return }
        group.addTask { (recording.path, try backtest.run(recording, writingTo: out)) }
      }
      for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) { start() }
      while let done = try await group.next() {
        remarks[done.path] = done.remark
        start()
      }
    }
    for (path, remark) in remarks.sorted(by: { $0.key < $1.key }) { CommandOutput.complain("\(path): \(remark)") }
  }

  private func runHistory(_ query: String, _ names: [String]) async throws {
    try report.map(OutputFile.check)
    let (series, step) = try await history.read(query)
    guard !series.isEmpty else {
      FileHandle.standardError.write(Data("\(query): no series in this time\n".utf8))
      throw ExitCode(1)
    }
    let backtest = AnomalyHistory(
      step: step, falseAlarmsPerDay: try falseAlarms() ?? AnomalyOptions.defaultFalseAlarmsPerDay, detectors: names)
    let results = series.sorted { $0.labels < $1.labels }.map { backtest.run($0) }
    CommandOutput.say(AnomalyHistory.table(results))
    for result in results {
      if let remark = result.remark { CommandOutput.complain("\(result.series.labels): \(remark)") }
    }
    if let report {
      try OutputFile.write(Data(AnomalyReport.html(results, title: query).utf8), to: report)
    }
  }
}
