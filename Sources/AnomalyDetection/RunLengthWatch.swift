#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How unusual it is that a signal has not moved for so long, given how long it stood still before.
///
/// Lengths of runs of equal values are compared on a logarithmic scale with a tail of the lengths of earlier runs. Runs
/// of a signal that hardly ever moves are never numerous enough for the tail to speak.
struct RunLengthWatch: Sendable, Hashable {
  /// Runs up to this length are never remarkable.
  private static let leastLength = 30.0

  private var tail = PeaksOverThreshold(leastThreshold: log(RunLengthWatch.leastLength))
  private var last = Double.nan
  private var length = 0.0
  private var runs = 0.0
  private var values = 0.0

  /// The natural logarithm of how often per value a run as long as the one that `value` continues is to be expected.
  mutating func add(_ value: Double, leastLogRate: Double) -> Double {
    values += 1
    if value == last {
      length += 1
      guard length > Self.leastLength, runs > 0 else { return 0 }
      return tail.logRate(of: log(length)) + log(min(runs / values, 1))
    }
    if length > 0 {
      tail.add(log(length), leastLogRate: leastLogRate)
      runs += 1
    }
    last = value
    length = 1
    return 0
  }

  /// Ends the run without learning its length, as a gap does.
  mutating func interrupt() {
    last = .nan
    length = 0
  }

  func save(to writer: inout StateWriter) {
    tail.save(to: &writer)
    for number in [last, length, runs, values] { writer.write(number) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try tail.restore(from: &reader)
    last = try reader.readDouble()
    length = try reader.readFinite("run length", atLeast: 0)
    runs = try reader.readFinite("runs", atLeast: 0)
    values = try reader.readFinite("values", atLeast: 0)
  }
}
