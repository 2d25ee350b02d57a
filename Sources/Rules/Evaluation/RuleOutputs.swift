import SeriesStore
import TimeSeries

/// Writes what a rule gives into the store, and ends the series that it no longer gives.
struct RuleOutputs: Sendable {
  /// The series that the rule gave last time.
  private(set) var recorded: Set<Labels> = []

  /// Lets the series of an earlier version of the rule count as given last time.
  mutating func adopt(_ labels: Set<Labels>) { recorded.formUnion(labels) }

  /// Writes `outputs` at `timestamp`, and staleness markers for what was given last time and is not now.
  ///
  /// - Returns: how many series the store had no room for, and how many samples it did not take because of their time,
  ///   for instance because another rule gives the same series.
  mutating func write(
    _ outputs: [RuleOutput], at timestamp: Int64, to context: RuleContext
  ) -> (series: Int, samples: Int) {
    var batch = SampleBatch()
    var current: Set<Labels> = []
    current.reserveCapacity(outputs.count)
    var refused = 0
    for output in outputs {
      guard let id = context.store.resolve(output.labels) else {
        refused += 1
        continue
      }
      current.insert(output.labels)
      if let histogram = output.histogram {
        batch.append(id, timestamp, histogram)
      } else {
        batch.append(id, timestamp, output.value)
      }
    }
    Self.end(recorded.subtracting(current), at: timestamp, in: context.store, batch: &batch)
    recorded = current
    let outcome = context.store.append(batch, now: context.time.now())
    return (refused, outcome.refused)
  }

  /// Ends everything that the rule gave.
  mutating func end(at timestamp: Int64, in context: RuleContext) {
    var batch = SampleBatch()
    Self.end(recorded, at: timestamp, in: context.store, batch: &batch)
    recorded = []
    _ = context.store.append(batch, now: context.time.now())
  }

  private static func end(
    _ series: Set<Labels>, at timestamp: Int64, in store: SeriesStore, batch: inout SampleBatch
  ) {
    for labels in series {
      if let id = store.resolve(labels) { batch.append(id, timestamp, StaleMarker.value) }
    }
  }
}
