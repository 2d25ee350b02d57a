import Forecasting
import PromQL
import TimeSeries

/// Keeps a predictor for each resource of each node, fed from the store step by step and trained one at a time.
struct ResourceDesk {
  private let configuration: ResourceConfiguration
  private let engine: QueryEngine
  private let source: any SeriesSource
  private var predictors: [Key: ResourcePredictor] = [:]
  /// The time of the first value of each resource.
  private var beginnings: [Key: Int64] = [:]
  private var reached: Int64?
  private(set) var dropped = 0
  private(set) var faults: [String: String] = [:]

  private struct Key: Hashable, Comparable {
    var resource: String
    var labels: Labels

    static func < (left: Key, right: Key) -> Bool { (left.resource, left.labels) < (right.resource, right.labels) }
  }

  init(_ configuration: ResourceConfiguration, engine: QueryEngine, source: any SeriesSource) {
    self.configuration = configuration
    self.engine = engine
    self.source = source
  }

  /// Learns what has come since the last time and trains at most one predictor; says whether there was anything to do.
  mutating func learn(at now: Int64, calendar: BusinessCalendar) async -> Bool {
    let step = configuration.step
    let last = (now - DemandDesk.delay) / step * step
    if reached ?? .min < last {
      let beginning = last - configuration.history / step * step
      let first = reached.map { max($0 + step, beginning) } ?? beginning
      var loads = await read(configuration.loads, from: first, through: last)
      var resources = await read(configuration.resources, from: first, through: last)
      update(resources, loads, count: Int((last - first) / step) + 1)
      if hasRoom(for: resources) {
        if first > beginning {
          // What has only now become known may have a past: it was backfilled, or came late.
          loads = await read(configuration.loads, from: beginning, through: last)
          resources = await read(configuration.resources, from: beginning, through: last)
        }
        begin(resources, loads, first: beginning, calendar: calendar)
      }
      reached = last
      return true
    }
    // Training is what costs; the rest of the program gets its turn in between.
    let waiting = predictors.filter { $0.value.due != nil }.min { $0.key < $1.key }
    guard let (key, _) = waiting else { return false }
    predictors[key]?.train()
    return true
  }

  private mutating func read(
    _ queries: [NamedQuery], from first: Int64, through last: Int64
  ) async -> [(name: String, series: [Labels: [Double]])] {
    var result: [(name: String, series: [Labels: [Double]])] = []
    for query in queries {
      do {
        let signal = SignalQuery(
          engine: engine, source: source, expression: try engine.parse(query.text), step: configuration.step)
        result.append((query.name, try await signal.values(from: first, through: last)))
        faults[query.name] = nil
      } catch {
        faults[query.name] = "\(error)"
      }
    }
    return result
  }

  /// Whether there are series without a predictor that may have one.
  private func hasRoom(for resources: [(name: String, series: [Labels: [Double]])]) -> Bool {
    resources.contains { resource, series in
      predictors.keys.count(where: { $0.resource == resource }) < configuration.limit
        && series.keys.contains { predictors[Key(resource: resource, labels: $0)] == nil }
    }
  }

  /// Goes on with all predictors; a resource without values has gaps.
  private mutating func update(
    _ resources: [(name: String, series: [Labels: [Double]])], _ loads: [(name: String, series: [Labels: [Double]])],
    count: Int
  ) {
    for (key, predictor) in predictors {
      var predictor = predictor
      predictors[key] = nil
      let values =
        resources.first { $0.name == key.resource }?.series[key.labels] ?? [Double](repeating: .nan, count: count)
      let own = Self.loads(loads, of: key.labels)
      for index in 0..<count {
        var now: [String: Double] = [:]
        for load in own where load.values.indices.contains(index) { now[load.name] = load.values[index] }
        predictor.update(values.indices.contains(index) ? values[index] : .nan, loads: now)
      }
      if predictor.silence < configuration.history {
        predictors[key] = predictor
      } else {
        beginnings[key] = nil
      }
    }
  }

  /// Begins with new resources, as far as there is room.
  private mutating func begin(
    _ resources: [(name: String, series: [Labels: [Double]])], _ loads: [(name: String, series: [Labels: [Double]])],
    first: Int64, calendar: BusinessCalendar
  ) {
    dropped = 0
    for (resource, series) in resources {
      for (labels, values) in series.sorted(by: { $0.key < $1.key }) {
        let key = Key(resource: resource, labels: labels)
        guard predictors[key] == nil, let skipped = values.firstIndex(where: \.isFinite) else { continue }
        guard predictors.keys.count(where: { $0.resource == resource }) < configuration.limit else {
          dropped += 1
          continue
        }
        let step = configuration.step
        var predictor = ResourcePredictor(
          calendar: calendar, farthest: Int(configuration.horizon / step), schedule: Int(configuration.retrain / step))
        // Every load has its column from the start, also one that is not measured yet.
        let own = Self.loads(loads, of: labels)
        let columns = configuration.loads.map { load in
          (load.name, Array((own.first { $0.name == load.name }?.values ?? []).dropFirst(skipped)))
        }
        predictor.fit(
          ResourceHistory(
            resource: ForecastSeries(
              values: Array(values[skipped...]), step: step, start: first + Int64(skipped) * step, lowerBound: 0),
            loads: columns))
        predictors[key] = predictor
        beginnings[key] = first + Int64(skipped) * step
      }
    }
  }

  /// The loads that belong to a resource: those without a label that it lacks or has otherwise.
  private static func loads(
    _ all: [(name: String, series: [Labels: [Double]])], of labels: Labels
  ) -> [(name: String, values: [Double])] {
    all.compactMap { load in
      let own = load.series.filter { entry in entry.key.elements.allSatisfy { labels[$0.name] == $0.value } }
      return own.max { $0.key.count < $1.key.count }.map { (load.name, $0.value) }
    }
  }

  /// Forgets all predictors: the calendar that they learnt with is no longer valid.
  mutating func forget() {
    predictors = [:]
    beginnings = [:]
    reached = nil
  }

  /// What nothing is predicted of yet, and why.
  func waiting() -> [OutlookWait] {
    guard let reached else { return [] }
    return configuration.resources.flatMap { resource -> [OutlookWait] in
      guard faults[resource.name] == nil else { return [] }
      var wait = OutlookWait(
        signal: resource.name, labels: nil, known: 0, needed: ResourcePredictor.leastValues, step: configuration.step,
        since: nil, reached: reached)
      let own = predictors.filter { $0.key.resource == resource.name }
      if own.isEmpty { return [wait] }
      return own.sorted { $0.key < $1.key }.compactMap { key, predictor in
        guard !predictor.isTrained else { return nil }
        wait.labels = key.labels
        wait.known = predictor.observationCount
        wait.since = beginnings[key]
        return wait
      }
    }
  }

  /// The predictions of all trained predictors.
  func outlooks() -> [Outlook] {
    let step = configuration.step
    let farthest = Int(configuration.horizon / step)
    let exported: [(String, Int64)] = [
      ("15m", 900_000), ("1h", 3_600_000), ("6h", 21_600_000), ("1d", 86_400_000),
    ]
    let horizons = exported.compactMap { text, length in
      length >= step && length <= configuration.horizon ? (text: text, index: Int(length / step) - 1) : nil
    }
    return predictors.sorted { $0.key < $1.key }.compactMap { key, predictor in
      guard predictor.isTrained,
        let distribution = try? predictor.forecast(horizons: Array(1...farthest), quantiles: Outlook.quantiles)
      else { return nil }
      let trainings = predictor.trainings.map { ($0.key.rawValue, $0.value) }
      return Outlook(
        signal: key.resource, labels: key.labels, distribution: distribution, horizons: horizons,
        records: horizons.map { predictor.record(horizon: $0.index + 1) }, peak: nil,
        importances: Array(predictor.importances().prefix(10)),
        trainings: Dictionary(uniqueKeysWithValues: trainings))
    }
  }
}
