import Forecasting
import TimeSeries

extension ForecastRule {
  private static let kind = "forecast"
  private static let version: UInt8 = 2

  /// The models that are fitted, and how they have done, as bytes; nil if there is nothing worth keeping.
  ///
  /// Of an `auto` model only a record is kept, for its history is in the store.
  ///
  /// Signals without a model are left out: their history is read again.
  func saved() -> [UInt8]? {
    guard let gridEnd else { return nil }
    var writer = StateWriter(Self.kind, version: Self.version)
    writer.write(gridEnd)
    writer.write(block.step)
    writer.write(followed.map { Double($0.milliseconds) })
    for tally in tallies { tally.write(to: &writer) }
    let kept = signals.compactMap { labels, signal in signal.keptModel().map { (labels, signal, $0) } }
    writer.write(kept.count)
    for (labels, signal, model) in kept {
      writer.write(labels.elements)
      signal.ledger.write(to: &writer)
      switch model {
      case .record(let record):
        writer.write(true)
        writer.write(record.bytes)
      case .whole(let bytes):
        writer.write(false)
        writer.write(bytes)
      }
    }
    writer.write(curves.count)
    for labels in curves { writer.write(labels.elements) }
    return writer.finished()
  }

  /// Goes on with the models of an earlier process.
  ///
  /// - Parameter time: now, in UTC milliseconds: no signal is forgotten for the time nobody looked.
  /// - Throws: ``StateFault``, or why a model cannot be read; the rule is as it was then.
  mutating func restore(_ bytes: [UInt8], at time: Int64) throws {
    var reader = try StateReader(bytes, Self.kind, version: Self.version)
    let gridEnd = try reader.int64()
    guard try reader.int64() == block.step, try reader.doubles() == followed.map({ Double($0.milliseconds) }) else {
      throw StateFault("the state has another step or other horizons")
    }
    var tallies: [SkillTally] = []
    for _ in followed { tallies.append(try SkillTally(&reader)) }
    var signals: [Labels: ForecastSignal] = [:]
    for _ in 0..<(try reader.count(of: 24)) {
      let labels = Labels(try reader.labels())
      let ledger = try SkillLedger(horizonCount: followed.count, &reader)
      if try reader.bool() {
        let record = try AutoRecord(try reader.block())
        guard record.near.step == block.step, record.near.end <= gridEnd, block.models == [AutoForecaster.name] else {
          throw StateFault("a model of another step or time")
        }
        signals[labels] = ForecastSignal(record: record, ledger: ledger, lastSeen: time)
      } else {
        let model = try ForecastModels.restore(try reader.block())
        signals[labels] = ForecastSignal(
          model: model, through: gridEnd, ledger: ledger, lastSeen: time,
          isTrained: block.trained?.state(for: labels) != nil)
      }
    }
    var curves: Set<Labels> = []
    for _ in 0..<(try reader.count(of: 8)) { curves.insert(Labels(try reader.labels())) }
    try reader.end()
    self.gridEnd = gridEnd
    self.tallies = tallies
    self.signals = signals
    self.curves = curves
    busiest = BusiestSeries(limit: block.limit, chosen: Set(signals.keys))
    isRestored = true
  }
}
