import Exposition
import Forecasting
import Foundation

/// Forecasts every series of a dataset at every origin, knowing only what came before.
public struct ForecastBacktest: Sendable {
  /// The names of all models.
  public static var modelNames: [String] { ForecastModels.names }
  /// The levels of the forecasts.
  public static let quantiles = [0.025, 0.1, 0.5, 0.9, 0.975]

  /// The model's name, as rule files write it.
  public var model: String
  /// How many values before an origin the model is given.
  public var contextLimit: Int
  /// Which of each series' origins are forecast, by position; nil for all.
  public var origins: Set<Int>?
  /// Whether not the values are forecast, but the greatest value so far at each step: its curves reach a threshold
  /// when the signal is likely to have been there, so that whoever scores alerts by them scores the distribution of
  /// the maximum. Only `auto` can.
  public var forecastsMaximum: Bool

  public init(
    model: String, contextLimit: Int = 8064, origins: Set<Int>? = nil, forecastsMaximum: Bool = false
  ) {
    self.model = model
    self.contextLimit = contextLimit
    self.origins = origins
    self.forecastsMaximum = forecastsMaximum
  }

  /// The name under which the forecasts are written.
  private var method: String { forecastsMaximum ? model + "_maximum" : model }

  /// One forecast and what it cost.
  public struct Record: Sendable {
    public var series: String
    public var origin: Int64
    public var forecast: ForecastDistribution
    /// CPU seconds of fit and forecast.
    public var seconds: Double
  }

  /// Runs over one series.
  ///
  /// - Throws: ``BacktestError`` if the data cannot be read, `ForecastError` if the model does not exist or cannot work.
  public func run(_ entry: ForecastDataset.Entry, of dataset: ForecastDataset) throws -> [Record] {
    let values = try dataset.values(of: entry)
    var records: [Record] = []
    for (index, origin) in entry.origins.enumerated() where origins?.contains(index) ?? true {
      let known = Int((Double(origin - entry.start) / Double(entry.step)).rounded()) + 1
      guard known >= 1, known <= values.count else {
        throw BacktestError(entry.file, "the origin \(origin) lies outside the series")
      }
      let first = max(0, known - contextLimit)
      let series = ForecastSeries(
        values: Array(values[first..<known]), step: entry.step, start: entry.start + Int64(first) * entry.step)
      let started = Self.cpuSeconds()
      var forecaster = try ForecastModels.make(named: model)
      forecaster.fit(series)
      let forecast = try forecast(by: forecaster, steps: entry.horizon)
      records.append(
        Record(series: entry.id, origin: origin, forecast: forecast, seconds: Self.cpuSeconds() - started))
    }
    return records
  }

  private func forecast(by forecaster: any ForecastModel, steps: Int) throws -> ForecastDistribution {
    guard forecastsMaximum else {
      return try forecaster.forecast(horizons: Array(1...steps), quantiles: Self.quantiles)
    }
    guard let auto = forecaster as? AutoForecaster else {
      throw ForecastError.unavailable("only \(AutoForecaster.name) forecasts the maximum")
    }
    return try auto.runningMaximum(steps: steps, quantiles: Self.quantiles)
  }

  /// A record as one line of JSON: `method`, `series`, `origin_ms`, `secs`, `mean` and `q` by level.
  public func line(_ record: Record) -> String {
    let forecast = record.forecast
    var text = "{\"method\":\(Self.quoted(method)),\"series\":\(Self.quoted(record.series))"
    text += ",\"origin_ms\":\(record.origin),\"secs\":\(record.seconds),\"mean\":\(Self.array(forecast.mean)),\"q\":{"
    text += Self.quantiles.map { level in
      "\"\(level)\":\(Self.array(forecast.curve(quantile: level) ?? []))"
    }.joined(separator: ",")
    return text + "}}\n"
  }

  private static func array(_ values: [Double]) -> String { "[" + values.map { "\($0)" }.joined(separator: ",") + "]" }

  private static func quoted(_ text: String) -> String {
    guard let data = try? JSONEncoder().encode(text) else { return "\"\"" }
    return String(decoding: data, as: UTF8.self)
  }

  /// The CPU time of this thread, in seconds.
  static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension ForecastBacktest {
  /// Runs over a whole dataset on all cores and writes the records, compressed if the path ends in `.gz`.
  ///
  /// - Parameter progress: is told how many series are done.
  /// - Throws: the first error; a series that the model refuses stops the run, so that no result is silently short.
  public func run(
    _ dataset: ForecastDataset, writingTo path: String, progress: @escaping @Sendable (Int) -> Void
  ) async throws {
    var lines = [String](repeating: "", count: dataset.entries.count)
    try await withThrowingTaskGroup(of: (Int, String).self) { group in
      var next = 0
      func start() {
        guard next < dataset.entries.count else { return }
        let index = next
        next += 1
        group.addTask {
          (index, try self.run(dataset.entries[index], of: dataset).map { self.line($0) }.joined())
        }
      }
      for _ in 0..<max(1, ProcessInfo.processInfo.activeProcessorCount) { start() }
      var done = 0
      while let (index, text) = try await group.next() {
        lines[index] = text
        done += 1
        progress(done)
        start()
      }
    }
    var bytes = Array(lines.joined().utf8)
    if bytes.isEmpty {
      throw BacktestError(path, "is not written: no series has an origin at the positions that were asked for")
    }
    if path.hasSuffix(".gz") {
      guard let compressed = Gzip.compress(bytes) else { throw BacktestError(path, "cannot be compressed") }
      bytes = compressed
    }
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
      throw BacktestError(path, "cannot be written")
    }
  }
}
