import AnomalyDetection
import TimeSeries

extension AnomalyRule {
  private static let kind = "anomaly"
  private static let version: UInt8 = 3

  private func step(_ interval: Int64) -> Int64 { max(block.step ?? interval, interval) }

  /// The scorers as bytes; nil if there is nothing worth keeping.
  ///
  /// - Parameter interval: milliseconds between two evaluations.
  func saved(interval: Int64) -> [UInt8]? {
    guard gridEnd != nil || groups.count > 0 else { return nil }
    var writer = StateWriter(Self.kind, version: Self.version)
    writer.write(gridEnd)
    writer.write(step(interval))
    // A scorer with a history before it would go on at the wrong place.
    let kept = signals.filter { $0.value.waiting.isEmpty }
    writer.write(kept.count)
    for (labels, signal) in kept {
      writer.write(labels.elements)
      writer.write(signal.watch.saved())
    }
    groups.save(to: &writer)
    return writer.finished()
  }

  /// Goes on with the scorers of an earlier process.
  ///
  /// - Parameter time: now, in UTC milliseconds: no signal is forgotten for the time nobody looked.
  /// - Throws: ``StateFault``, or why a scorer cannot be read; the rule is as it was then.
  mutating func restore(_ bytes: [UInt8], interval: Int64, at time: Int64) throws {
    var reader = try StateReader(bytes, Self.kind, version: Self.version)
    let gridEnd = try reader.optionalInt64()
    guard try reader.int64() == step(interval) else { throw StateFault("the state has another step") }
    var signals: [Labels: Signal] = [:]
    for _ in 0..<(try reader.count(of: 24)) {
      let labels = Labels(try reader.labels())
      let watch = try SignalWatch(
        detectors: block.detectors, options: block.options(step: step(interval)), restoring: try reader.block())
      signals[labels] = Signal(watch: watch, lastSeen: time)
    }
    var groups = groups
    try groups.restore(from: &reader, step: step(interval), at: time)
    try reader.end()
    self.gridEnd = gridEnd
    self.groups = groups
    self.signals = signals
    busiest = BusiestSeries(
      limit: block.limit, chosen: Set(signals.keys).union(groups.groups.values.flatMap(\.members)))
  }
}
