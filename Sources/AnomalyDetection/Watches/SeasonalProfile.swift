/// What a time of day, or a time of week, brought in the last days or weeks.
///
/// The period is cut into bins; of each bin the averages of the last few periods are kept, and their median is what is
/// expected, so that one odd day does not become the norm. Between the middles of two bins it interpolates. Nothing is
/// expected of a bin before it was seen twice.
public struct SeasonalProfile: Sendable, Hashable {
  /// Milliseconds of one period.
  public let period: Int64
  /// How many bins the period is cut into.
  public let binCount: Int
  /// How many periods are remembered.
  public let depth: Int
  private let offset: Int64
  private var history: [Float]
  private var periodsSeen: [UInt8]
  private var bin = -1
  private var sum = 0.0
  private var count = 0.0
  private var before = Double.nan
  private var here = Double.nan
  private var after = Double.nan

  /// A profile over `period` milliseconds in bins of about `binLength`, `offset` milliseconds ahead of UTC.
  public init(period: Int64, binLength: Int64, depth: Int, offset: Int64 = 0) {
    self.period = max(period, 1)
    self.offset = offset
    self.depth = min(max(depth, 2), 7)
    binCount = Int(min(max(self.period / max(binLength, 1), 1), 2016))
    history = [Float](repeating: 0, count: binCount * self.depth)
    periodsSeen = [UInt8](repeating: 0, count: binCount)
  }

  /// The bin of `timestamp` and how far into it, 0..<1.
  func place(of timestamp: Int64) -> (bin: Int, fraction: Double) {
    var within = timestamp.addingReportingOverflow(offset).partialValue % period
    if within < 0 { within += period }
    let position = Double(within) / Double(period) * Double(binCount)
    let bin = min(Int(position), binCount - 1)
    return (bin, position - Double(bin))
  }

  /// What `timestamp`, which must not be older than the newest value added, is expected to bring; nil if its bin was
  /// not seen twice.
  public mutating func expectation(at timestamp: Int64) -> Double? {
    let (place, fraction) = place(of: timestamp)
    enter(place)
    if here.isNaN { return nil }
    let neighbour = fraction < 0.5 ? before : after
    let distance = (fraction - 0.5).magnitude
    return neighbour.isNaN ? here : here + distance * (neighbour - here)
  }

  /// The least and the greatest of what is expected within `slack` milliseconds of `timestamp`; nil as above.
  ///
  /// A daily job that comes a few minutes early or late then stays within it. `slack` counts up to the length of a bin.
  mutating func range(at timestamp: Int64, slack: Double) -> ClosedRange<Double>? {
    guard let expected = expectation(at: timestamp) else { return nil }
    let share = min(slack * Double(binCount) / Double(period), 1)
    let earlier = before.isNaN ? expected : expected + share * (before - here)
    let later = after.isNaN ? expected : expected + share * (after - here)
    return min(expected, earlier, later)...max(expected, earlier, later)
  }

  /// Takes `value` at `timestamp` into its bin.
  ///
  /// - Complexity: O(1) amortised; O(depth) at the end of a bin.
  public mutating func add(_ value: Double, at timestamp: Int64) {
    enter(place(of: timestamp).bin)
    sum += value
    count += 1
  }

  private mutating func enter(_ newBin: Int) {
    if newBin == bin { return }
    let follows = bin >= 0 && newBin == (bin + 1) % binCount && binCount > 2
    let leftHere = here
    let leftAfter = after
    if bin >= 0 && count > 0 { finishBin() }
    bin = newBin
    before = follows ? leftHere : median(of: (newBin + binCount - 1) % binCount)
    here = follows ? leftAfter : median(of: newBin)
    after = median(of: (newBin + 1) % binCount)
  }

  private mutating func finishBin() {
    let seen = Int(periodsSeen[bin])
    // The counter runs on from depth to twice the depth, so that it also says which slot is the oldest.
    history[bin * depth + seen % depth] = Float(sum / count)
    periodsSeen[bin] = UInt8(seen + 1 < 2 * depth ? seen + 1 : depth)
    sum = 0
    count = 0
  }

  private func median(of bin: Int) -> Double {
    let seen = min(Int(periodsSeen[bin]), depth)
    if seen < 2 { return .nan }
    let sorted = history[bin * depth..<bin * depth + seen].sorted()
    let middle = seen / 2
    return seen % 2 == 1 ? Double(sorted[middle]) : (Double(sorted[middle - 1]) + Double(sorted[middle])) / 2
  }

  func save(to writer: inout StateWriter) {
    writer.write(history)
    // None reaches twice the greatest depth, so that two fit into a byte.
    for index in stride(from: 0, to: binCount, by: 2) {
      writer.write(periodsSeen[index] | (index + 1 < binCount ? periodsSeen[index + 1] << 4 : 0))
    }
    writer.write(Int64(bin))
    for number in [sum, count, before, here, after] { writer.write(number) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    history = try reader.readFloats("bin", count: history.count)
    for index in stride(from: 0, to: binCount, by: 2) {
      let start = reader.offset
      let pair: UInt8 = try reader.read()
      let (first, second) = (pair & 15, pair >> 4)
      guard Int(max(first, second)) < 2 * depth else { throw .implausible(field: "periods seen", offset: start) }
      periodsSeen[index] = first
      if index + 1 < binCount { periodsSeen[index + 1] = second }
    }
    bin = Int(try reader.readCount("bin", in: -1...Int64(binCount - 1)))
    sum = try reader.readFinite("bin sum")
    count = try reader.readFinite("bin count", atLeast: 0)
    before = try reader.readDouble()
    here = try reader.readDouble()
    after = try reader.readDouble()
  }
}
