import Forecasting
import PromQL
import TimeSeries

/// Keeps a model for each series of each demand signal, fed from the store step by step.
struct DemandDesk {
  private let configuration: DemandConfiguration
  private let engine: QueryEngine
  private let source: any SeriesSource
  private var models: [String: [Labels: DemandForecaster]] = [:]
  /// The time of the first value of each series.
  private var beginnings: [String: [Labels: Int64]] = [:]
  /// The newest grid time that was learnt, by signal.
  private var reached: [String: Int64] = [:]
  private(set) var dropped = 0
  private(set) var faults: [String: String] = [:]

  /// A value of the grid is asked for this late, so that scrapes have arrived.
  static let delay: Int64 = 30_000
  /// So many values are needed before anything is said.
  private static let leastDays = 2

  init(_ configuration: DemandConfiguration, engine: QueryEngine, source: any SeriesSource) {
    self.configuration = configuration
    self.engine = engine
    self.source = source
  }

  /// Learns what has come since the last time; says whether there was anything.
  mutating func learn(at now: Int64, calendar: BusinessCalendar) async -> Bool {
    let step = configuration.step
    let last = (now - Self.delay) / step * step
    var didLearn = false
    for signal in configuration.signals where reached[signal.name] ?? .min < last {
      do {
        let query = SignalQuery(
          engine: engine, source: source, expression: try engine.parse(signal.text), step: step)
        let beginning = last - configuration.history / step * step
        let first = reached[signal.name].map { max($0 + step, beginning) } ?? beginning
        let found = try await query.values(from: first, through: last)
        update(signal.name, with: found, count: Int((last - first) / step) + 1)
        let known = models[signal.name] ?? [:]
        let new = found.filter { known[$0.key] == nil && $0.value.contains(where: \.isFinite) }
        if known.count >= configuration.limit {
          dropped = new.count
        } else if !new.isEmpty {
          // What has only now become known may have a past: it was backfilled, or came late.
          let whole = first == beginning ? found : try await query.values(from: beginning, through: last)
          begin(signal.name, with: whole.filter { new[$0.key] != nil }, first: beginning, calendar: calendar)
        }
        faults[signal.name] = nil
        didLearn = true
      } catch {
        faults[signal.name] = "\(error)"
      }
      reached[signal.name] = last
    }
    return didLearn
  }

  /// Goes on with the models of a signal; a series without values has gaps.
  private mutating func update(_ signal: String, with found: [Labels: [Double]], count: Int) {
    var known = models[signal] ?? [:]
    for (labels, model) in known {
      var model = model
      known[labels] = nil
      for value in found[labels] ?? [Double](repeating: .nan, count: count) { model.update(value) }
      // A series that was silent for as long as the history is gone.
      if model.silence < configuration.history {
        known[labels] = model
      } else {
        beginnings[signal]?[labels] = nil
      }
    }
    models[signal] = known
  }

  /// Begins with new series, as far as there is room, the busiest first.
  private mutating func begin(
    _ signal: String, with new: [Labels: [Double]], first: Int64, calendar: BusinessCalendar
  ) {
    var known = models[signal] ?? [:]
    let byLoad = new.sorted { left, right in
      let (a, b) = (left.value.last(where: \.isFinite) ?? 0, right.value.last(where: \.isFinite) ?? 0)
      return a == b ? left.key < right.key : a > b
    }
    let room = max(0, configuration.limit - known.count)
    dropped = max(0, byLoad.count - room)
    for (labels, values) in byLoad.prefix(room) {
      var model = DemandForecaster(calendar: calendar, farthest: Int(configuration.horizon / configuration.step))
      let skipped = values.firstIndex(where: \.isFinite) ?? 0
      model.fit(
        ForecastSeries(
          values: Array(values[skipped...]), step: configuration.step,
          start: first + Int64(skipped) * configuration.step,
          lowerBound: 0))
      known[labels] = model
      beginnings[signal, default: [:]][labels] = first + Int64(skipped) * configuration.step
    }
    models[signal] = known
  }

  /// Forgets all models: the calendar that they learnt with is no longer valid.
  mutating func forget() {
    models = [:]
    beginnings = [:]
    reached = [:]
  }

  /// What nothing is forecast of yet, and why.
  func waiting() -> [OutlookWait] {
    let needed = Self.leastDays * day
    return configuration.signals.flatMap { signal -> [OutlookWait] in
      guard faults[signal.name] == nil, let reached = reached[signal.name] else { return [] }
      var wait = OutlookWait(
        signal: signal.name, labels: nil, known: 0, needed: needed, step: configuration.step, since: nil,
        reached: reached)
      let series = models[signal.name] ?? [:]
      if series.isEmpty { return [wait] }
      return series.sorted { $0.key < $1.key }.compactMap { labels, model in
        guard model.observationCount < needed else { return nil }
        wait.labels = labels
        wait.known = model.observationCount
        wait.since = beginnings[signal.name]?[labels]
        return wait
      }
    }
  }

  private var day: Int { Int(86_400_000 / configuration.step) }

  /// The forecasts of all series with enough history.
  func outlooks() -> [Outlook] {
    let step = configuration.step
    let day = day
    let farthest = Int(configuration.horizon / step)
    let exported: [(String, Int64)] = [
      ("1h", 3_600_000), ("6h", 21_600_000), ("1d", 86_400_000), ("3d", 259_200_000), ("7d", 604_800_000),
    ]
    let horizons = exported.compactMap { text, length in
      length >= step && length <= configuration.horizon ? (text: text, index: Int(length / step) - 1) : nil
    }
    return models.sorted { $0.key < $1.key }.flatMap { signal, series in
      series.sorted { $0.key < $1.key }.compactMap { labels, model -> Outlook? in
        guard model.observationCount >= Self.leastDays * day,
          let distribution = try? model.forecast(horizons: Array(1...farthest), quantiles: Outlook.quantiles)
        else { return nil }
        let middle = Outlook.quantiles.count / 2
        let peak = (0..<min(day, farthest)).max {
          distribution.value(horizonAt: $0, quantileAt: middle) < distribution.value(horizonAt: $1, quantileAt: middle)
        }
        var outlook = Outlook(
          signal: signal, labels: labels, distribution: distribution, horizons: horizons,
          records: horizons.map { model.record(horizon: $0.index + 1) }, peak: peak)
        let patterns = model.patterns()
        outlook.patterns = patterns
        outlook.today = patterns.likeness(of: model.today())
        return outlook
      }
    }
  }
}
