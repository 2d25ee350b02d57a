import TimeSeries

/// What a young signal borrows from others of its family.
///
/// Queues that look alike often behave alike. Their forecasts, as changes relative to their present level, tell how a
/// new one is likely to move and how far it may stray, long before it has a history. The new signal's own forecast
/// takes over as its history grows.
struct SiblingOutlook: Sendable {
  /// A settled signal and what is forecast for it.
  struct Sibling: Sendable {
    var labels: Labels
    /// The mean magnitude of its newest values.
    var level: Double
    /// Its newest value.
    var value: Double
    /// Row by row: all quantiles of the first horizon of the rule, then those of the second.
    var rows: [Double]
  }

  /// So many siblings are needed to tell a family from a coincidence.
  static let least = 3
  /// So many of them are asked, those of the nearest level.
  private static let most = 8
  /// Of so many signals siblings are looked for.
  private static let candidates = 256
  /// The number of own values at which the own forecast and the borrowed one have an equal say.
  private static let evenAt = 40.0
  /// From this number of own values on nothing is borrowed.
  static let grownUp = 240

  private let siblings: [Sibling]

  /// - Parameter settled: the settled signals of the rule, in a fixed order.
  init(_ settled: [Sibling]) {
    let stride = max(1, settled.count / Self.candidates)
    siblings = settled.enumerated().compactMap { $0.offset % stride == 0 && $0.element.level > 0 ? $0.element : nil }
  }

  /// The say of what is borrowed beside `count` own values, from 1 to 0.
  static func share(_ count: Int) -> Double {
    guard count < grownUp else { return 0 }
    let age = Double(count) / evenAt
    return 1 / (1 + age * age)
  }

  /// The rows that the family suggests for a signal; nil if it has too few kin, or stands at zero.
  ///
  /// Of several siblings the median counts, so that a single odd one does not matter.
  func rows(for labels: Labels, level: Double, value: Double) -> [Double]? {
    guard level > 0, level.isFinite, value.isFinite else { return nil }
    let kin = siblings.filter { $0.labels != labels && Self.areKin($0.labels, labels) }
    guard kin.count >= Self.least else { return nil }
    func distance(_ sibling: Sibling) -> Double { max(sibling.level / level, level / sibling.level) }
    let nearest = kin.sorted {
      let (left, right) = (distance($0), distance($1))
      return left != right ? left < right : $0.labels < $1.labels
    }.prefix(Self.most)
    guard let width = nearest.first?.rows.count, nearest.allSatisfy({ $0.rows.count == width }) else { return nil }
    return (0..<width).map { index in
      let changes = nearest.map { ($0.rows[index] - $0.value) / $0.level }.sorted()
      let middle = changes.count / 2
      let median = changes.count % 2 == 1 ? changes[middle] : 0.5 * (changes[middle - 1] + changes[middle])
      return value + level * median
    }
  }

  /// Whether two signals have the same label names and differ in the value of one label only.
  private static func areKin(_ one: Labels, _ other: Labels) -> Bool {
    guard one.elements.count == other.elements.count else { return false }
    var differences = 0
    for (left, right) in zip(one.elements, other.elements) {
      guard left.name == right.name else { return false }
      if left.value != right.value { differences += 1 }
    }
    return differences == 1
  }
}

extension ForecastRows {
  /// Moves the forecast towards one that the family suggests.
  ///
  /// - Parameters:
  ///   - borrowed: rows like `values`.
  ///   - share: the say of the borrowed rows, from 0 to 1.
  ///   - targets: the times that the rows speak of, ascending, in UTC milliseconds.
  ///   - origin: the time at which the signal stands where it is known to be.
  mutating func blend(_ borrowed: [Double], share: Double, targets: [Int64], origin: Int64) {
    guard share > 0, borrowed.count == values.count, !targets.isEmpty else { return }
    let width = values.count / targets.count
    let isNonNegative = values.allSatisfy { $0 >= 0 }
    let moves = zip(values, borrowed).map { share * ($1 - $0) }
    for index in values.indices { values[index] += moves[index] }
    for (point, time) in curveTimes.enumerated() {
      // Between two horizons, and between the origin and the first, moves lie on straight lines.
      let upper = targets.firstIndex { $0 >= time } ?? targets.count - 1
      let (start, end) = (upper == 0 ? origin : targets[upper - 1], targets[upper])
      let along = end > start ? min(1, max(0, Double(time - start) / Double(end - start))) : 1
      for column in 0..<width {
        let before = upper == 0 ? 0 : moves[(upper - 1) * width + column]
        curveValues[point * width + column] += before + along * (moves[upper * width + column] - before)
      }
    }
    values = Self.inOrder(values, width: width, least: isNonNegative ? 0 : -.greatestFiniteMagnitude)
    curveValues = Self.inOrder(curveValues, width: width, least: isNonNegative ? 0 : -.greatestFiniteMagnitude)
  }

  private static func inOrder(_ values: [Double], width: Int, least: Double) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: width) {
      result += values[start..<start + width].map { max(least, min($0, .greatestFiniteMagnitude)) }.sorted()
    }
    return result
  }
}
