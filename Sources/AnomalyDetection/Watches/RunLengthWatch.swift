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
  /// Shorter runs, on the logarithmic scale, are all alike: they say nothing about how long a long one is.
  private static let shortest = log(RunLengthWatch.leastLength) - 2

  private var tail = PeaksOverThreshold(leastThreshold: log(RunLengthWatch.leastLength))
  private var last = Double.nan
  private var length = 0.0
  private var runs = 0.0
  private var values = 0.0

  /// The natural logarithm of how often per value a run as long as the one that `value` continues is to be expected.
  mutating func add(_ value: Double) -> Double {
    values += 1
    if value == last {
      length += 1
      guard length > Self.leastLength, tail.isReady else { return 0 }
      let logShareOfRuns = tail.logRate(of: log(length))
      // Runs are rarer than values, which counts only as far as the run is long among runs.
      let weight = min(logShareOfRuns / log(tail.share), 1)
      return logShareOfRuns + weight * log(min(runs / values, 1))
    }
    if length > 0 {
      tail.add(max(log(length), Self.shortest))
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
