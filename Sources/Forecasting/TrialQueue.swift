/// A forecast that waits for its target.
struct Trial: Sendable, Equatable {
  /// Where it was made, counted from the first value ever.
  var origin: Int
  /// The number of steps that it stands for.
  var density: Int
  /// What the mixture said.
  var mixed: Double
  /// What the regression said; NaN if it said nothing.
  var regression: Double
}

/// Trials, oldest first.
struct TrialQueue: Sendable {
  private var storage: [Trial] = []
  private var head = 0

  private static let capacity = 10_000

  init() {}

  /// The oldest trial.
  var first: Trial? { head < storage.count ? storage[head] : nil }

  mutating func append(_ trial: Trial) { storage.append(trial) }

  mutating func removeFirst() {
    head += 1
    guard head >= 32, head * 2 >= storage.count else { return }
    storage.removeFirst(head)
    head = 0
  }

  func write(to writer: inout StateWriter) {
    writer.write(storage.count - head)
    for trial in storage[head...] {
      writer.write(trial.origin)
      writer.write(trial.density)
      writer.write(trial.mixed)
      writer.write(trial.regression)
    }
  }

  /// - Parameter newest: the position of the newest value of the history, where the newest trial may start.
  init(_ reader: inout StateReader, newest: Int) throws(ForecastError) {
    for _ in 0..<(try reader.readInt(in: 0...Self.capacity)) {
      storage.append(
        Trial(
          origin: try reader.readInt(in: 0...newest), density: try reader.readInt(in: 1...1_000_000),
          mixed: try reader.readDouble(), regression: try reader.readDouble()))
    }
  }
}
