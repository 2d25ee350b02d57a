import Forecasting
import TimeSeries

extension ForecastRule {
  /// Brings what the models know of the signals up to `time`, and judges earlier forecasts by it.
  mutating func takeIn(
    _ values: [Labels: Double], _ chosen: Set<Labels>, _ reader: SignalReader, at time: Int64, interval: Int64
  ) async throws {
    let newest = time.flooringQuotient(block.step) * block.step
    let historySteps = nearSteps
    for labels in chosen where signals[labels] == nil { signals[labels] = newSignal(labels, at: time) }
    signals = signals.filter { labels, signal in
      chosen.contains(labels) || (values[labels] == nil && time - signal.lastSeen <= Self.forgetAfter)
    }
    if isRestored, let gridEnd, newest - gridEnd <= block.history { try await readRecords(reader, through: gridEnd) }
    if let gridEnd, newest > gridEnd, newest - gridEnd <= block.history {
      try await append(from: gridEnd + block.step, through: newest, reader, historySteps)
      let late = signals.filter { $0.value.wantsHistory }.map(\.key)
      if !late.isEmpty, time - lastBackfill >= Self.backfillSpacing {
        try await backfill(late, through: newest, reader, historySteps, at: time)
      }
      self.gridEnd = newest
      if isRestored, interval < block.step { try await backfillFine(reader, at: time, interval: interval) }
      isRestored = false
    } else if gridEnd.map({ newest - $0 > block.history }) ?? true {
      // At the start, and after a pause longer than the history, nothing known is of use.
      for labels in signals.keys { signals[labels] = newSignal(labels, at: time) }
      try await backfill(Array(chosen), through: newest, reader, historySteps, at: time)
      if interval < block.step { try await backfillFine(reader, at: time, interval: interval) }
      gridEnd = newest
    }
    for labels in chosen {
      guard let value = values[labels] else { continue }
      signals[labels]?.lastSeen = time
      signals[labels]?.note(value)
      if interval < block.step { signals[labels]?.appendFine(value, at: time, interval: interval) }
    }
  }

  /// Hands the values of new grid points to the models, and judges earlier forecasts by them.
  private mutating func append(
    from first: Int64, through last: Int64, _ reader: SignalReader, _ historySteps: Int
  ) async throws {
    let columns = try await reader.columns(from: first, through: last, step: block.step)
    let beside = try await companions(of: nil, from: first, through: last, reader)
    for labels in Array(signals.keys) {
      guard var signal = signals.removeValue(forKey: labels) else { continue }
      for index in 0..<columns.count {
        let time = first + Int64(index) * block.step
        let value = columns.value(of: labels, at: index)
        signal.append(
          value, companions: beside.map { $0.value(of: labels, at: index) }, at: time, historySteps: historySteps,
          farStep: farGrid?.step, trainer: trainer)
        signal.ledger.settle(value, at: time, into: &tallies)
      }
      signals[labels] = signal
    }
  }

  /// Reads the history of `wanted`, for their models to be fitted to.
  private mutating func backfill(
    _ wanted: [Labels], through last: Int64, _ reader: SignalReader, _ historySteps: Int, at time: Int64
  ) async throws {
    lastBackfill = time
    let set = Set(wanted)
    let first = last - Int64(historySteps - 1) * block.step
    let near = try await reader.columns(of: set, from: first, through: last, step: block.step)
    let beside = try await companions(of: set, from: first, through: last, reader)
    var far: SeriesColumns?
    if let (step, count) = farGrid {
      let end = last.flooringQuotient(step) * step
      far = try await reader.columns(of: set, from: end - Int64(count - 1) * step, through: end, step: step)
    }
    for labels in wanted {
      signals[labels]?.learn(
        near[labels], companions: beside.map { $0[labels] ?? [] }, far: far?[labels] ?? [], through: last)
    }
  }

  /// The values of the signals beside the one that is forecast, one set of columns for each expression.
  private func companions(
    of wanted: Set<Labels>?, from first: Int64, through last: Int64, _ reader: SignalReader
  ) async throws -> [SeriesColumns] {
    var result: [SeriesColumns] = []
    for companion in block.companions {
      var columns = try await reader.reading(companion.expression).columns(
        of: wanted?.union([Labels.empty]), from: first, through: last, step: block.step)
      columns.sharesUnlabelled = true
      result.append(columns)
    }
    return result
  }

  /// Reads what the models of an earlier process stand on.
  private mutating func readRecords(_ reader: SignalReader, through end: Int64) async throws {
    let records = signals.compactMapValues(\.record)
    guard let start = records.values.lazy.map(\.near.start).min() else { return }
    let near = try await reader.columns(of: Set(records.keys), from: start, through: end, step: block.step)
    let windows = records.values.compactMap(\.far)
    var far: SeriesColumns?
    if let first = windows.lazy.map(\.start).min(), let last = windows.lazy.map(\.end).max(), let (step, _) = farGrid {
      far = try await reader.columns(of: Set(records.keys), from: first, through: last, step: step)
    }
    for (labels, record) in records {
      signals[labels]?.giveHistory(
        near: near.values(of: labels, from: record.near.start, through: end),
        far: record.far.flatMap { far?.values(of: labels, from: $0.start, through: $0.end) } ?? [],
        through: end)
    }
  }

  private var isAuto: Bool { block.models == [AutoForecaster.name] }

  /// How many values at the rule's step the model can use.
  private var nearSteps: Int {
    let all = max(1, Int(block.history / block.step))
    // What has happened since its training, a trained model shall know.
    return isAuto && block.trained == nil ? min(all, AutoForecaster.historyCounts(step: block.step).near) : all
  }

  /// The step of the model's far grid, and how many values there it can use; nil if it has none.
  private var farGrid: (step: Int64, count: Int)? {
    guard isAuto, let ratio = AutoForecaster.farRatio(step: block.step) else { return nil }
    let step = block.step * Int64(ratio)
    return (step, max(1, min(Int(block.history / step), AutoForecaster.historyCounts(step: block.step).far)))
  }

  private mutating func backfillFine(_ reader: SignalReader, at time: Int64, interval: Int64) async throws {
    let steps = min(480, Int64(ForecastSignal.enoughValues) * block.step / interval)
    let last = time - interval
    let first = last - (steps - 1) * interval
    guard steps > 0 else { return }
    var points: [Labels: [(Int, Double)]] = [:]
    let known = Set(signals.keys)
    try await reader.values(from: first, through: last, step: interval) { labels, index, value in
      if known.contains(labels) { points[labels, default: []].append((index, value)) }
    }
    for (labels, points) in points {
      for (index, value) in points {
        signals[labels]?.appendFine(value, at: first + Int64(index) * interval, interval: interval)
      }
    }
  }
}
