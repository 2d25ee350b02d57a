import TimeSeries

/// Streaming half-space trees: random halvings of the space, and how much mass the region of a row had in the last window.
///
/// S. C. Tan, K. M. Ting, F. T. Liu, "Fast Anomaly Detection for Streaming Data", IJCAI 2011: full binary trees over
/// a work range, reference mass of the last window of ψ = 250 rows, score Σ r·2^depth, small for outliers. Rows are the
/// last two values, mapped to 0...1 by the first window's range widened twofold. The line is the 1% quantile of the scores.
struct HalfSpaceTreesDetector: StreamDetector {
  private static let trees = 15
  private static let depth = 6
  private static let width = 2
  private static let window = 250
  private static let sizeLimit = 0.1 * Double(window)
  /// Interquartile ranges beyond the quartiles at which the first window's range ends at the latest.
  private static let wildest = 10.0
  private static let perTree = (1 << (depth + 1)) - 1

  private var cuts: [Float] = []
  private var columns: [UInt8] = []
  private var reference: [UInt16]
  private var latest: [UInt16]
  private var start: [Double] = []
  private var low = 0.0
  private var range = 0.0
  private var before = Double.nan
  private var inWindow = 0
  private var windows = 0
  private var line = P2Quantile(probability: 0.01)
  private var middle = P2Quantile(probability: 0.5)

  init() {
    reference = [UInt16](repeating: 0, count: Self.trees * Self.perTree)
    latest = reference
    cuts = [Float](repeating: 0, count: reference.count)
    columns = [UInt8](repeating: 0, count: reference.count)
    var random = SplitMix64(seed: 42)
    for tree in 0..<Self.trees {
      // The work range around a random point of the unit square, wide enough to hold all of it.
      var lows: [Double] = []
      var highs: [Double] = []
      for _ in 0..<Self.width {
        let point = random.uniform()
        let reach = 2 * max(point, 1 - point)
        lows.append(point - reach)
        highs.append(point + reach)
      }
      build(tree, 0, 0, lows, highs, &random)
    }
  }

  private mutating func build(
    _ tree: Int, _ node: Int, _ depth: Int, _ lows: [Double], _ highs: [Double], _ random: inout SplitMix64
  ) {
    guard depth < Self.depth else { return }
    let column = random.below(Self.width)
    let cut = (lows[column] + highs[column]) / 2
    columns[tree * Self.perTree + node] = UInt8(column)
    cuts[tree * Self.perTree + node] = Float(cut)
    var (lower, upper) = (lows, highs)
    upper[column] = cut
    lower[column] = cut
    build(tree, 2 * node + 1, depth + 1, lows, upper, &random)
    build(tree, 2 * node + 2, depth + 1, lower, highs, &random)
  }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    defer { before = value }
    guard !before.isNaN else { return AnomalyDetector.Reading() }
    if range == 0 {
      start.append(value)
      if start.count == Self.window { begin() }
      return AnomalyDetector.Reading()
    }
    let row = (place(before), place(value))
    var mass = 0.0
    for tree in 0..<Self.trees {
      var node = 0
      var isOpen = true
      for depth in 0...Self.depth {
        let index = tree * Self.perTree + node
        latest[index] &+= 1
        if isOpen, depth == Self.depth || Double(reference[index]) <= Self.sizeLimit {
          mass += Double(reference[index]) * Double(1 << depth)
          isOpen = false
        }
        if depth == Self.depth { break }
        let coordinate = columns[index] == 0 ? row.0 : row.1
        node = 2 * node + (coordinate < Double(cuts[index]) ? 1 : 2)
      }
    }
    var reading = AnomalyDetector.Reading()
    if windows > 0 {
      let (usual, least) = (middle.value, line.value)
      if middle.count >= 100, usual > least {
        reading = AnomalyDetector.Reading(score: (usual - mass) / (usual - least))
        // A region that was never visited is beyond the line even where one row in a hundred comes to such regions.
        if mass == 0, least > 0 { reading.score = max(reading.score, 1.5) }
      }
      line.add(mass)
      middle.add(mass)
    }
    inWindow += 1
    if inWindow == Self.window {
      swap(&reference, &latest)
      for index in latest.indices { latest[index] = 0 }
      inWindow = 0
      windows += 1
    }
    return reading
  }

  private mutating func begin() {
    // A wild value in the first window must not make all that follow look alike for ever.
    let sorted = start.sorted()
    let (lower, upper) = (sorted[sorted.count / 4], sorted[sorted.count * 3 / 4])
    let reach = upper > lower ? Self.wildest * (upper - lower) : .infinity
    let least = max(sorted[0], lower - reach)
    let most = min(sorted[sorted.count - 1], upper + reach)
    let width = max(most - least, 1e-9 * max(least.magnitude, most.magnitude), 1e-300)
    low = least - width / 2
    range = 2 * width
    start = []
  }

  private func place(_ value: Double) -> Double { min(max((value - low) / range, -2), 3) }

  func save(to writer: inout StateWriter) {
    for mass in reference { writer.write(mass) }
    for mass in latest { writer.write(mass) }
    writer.write(Int64(start.count))
    writer.write(start)
    for number in [low, range, before] { writer.write(number) }
    writer.write(Int64(inWindow))
    writer.write(Int64(windows))
    line.save(to: &writer)
    middle.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    for index in reference.indices { reference[index] = try reader.read() }
    for index in latest.indices { latest[index] = min(try reader.read(), UInt16(Self.window)) }
    let count = Int(try reader.readCount("start", in: 0...Int64(Self.window - 1)))
    start = try reader.readFinites("start", count: count)
    low = try reader.readFinite("low")
    range = try reader.readFinite("range", atLeast: 0)
    before = try reader.readDouble()
    inWindow = Int(try reader.readCount("rows in window", in: 0...Int64(Self.window - 1)))
    windows = Int(try reader.readCount("windows", in: 0...(1 << 53)))
    try line.restore(from: &reader)
    try middle.restore(from: &reader)
  }
}
