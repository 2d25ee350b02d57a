import TimeSeries

/// Rows of a table in groups around their means.
///
/// S. P. Lloyd, "Least squares quantization in PCM" (1982), seeded by D. Arthur and S. Vassilvitskii, "k-means++"
/// (2007), with a fixed random sequence: the same table gives the same groups. Columns are standardised first.
public struct KMeans: Sendable, Equatable {
  /// The number of columns.
  public let columns: Int
  /// Row-major, in the units of the table.
  public private(set) var centres: [Double]
  /// The group of each row.
  public private(set) var assignments: [Int]
  /// The sum of the squared distances of the rows from their centres, in standardised units.
  public private(set) var inertia: Double

  private let means: [Double]
  private let deviations: [Double]

  /// The number of groups.
  public var count: Int { columns == 0 ? 0 : centres.count / columns }

  /// Groups the rows of a row-major table of finite numbers into at most `count` groups.
  ///
  /// - Complexity: O(rows × columns × count) for each of at most 100 rounds and three seedings.
  public init(_ table: [Double], columns: Int, count: Int, seed: UInt64 = 42) {
    self.columns = columns
    let rows = columns > 0 ? table.count / columns : 0
    (means, deviations) = Self.standards(table, columns: columns, rows: rows)
    centres = []
    assignments = []
    inertia = 0
    guard rows > 0, count > 0 else { return }
    var scaled = table
    for index in scaled.indices {
      scaled[index] = (table[index] - means[index % columns]) / deviations[index % columns]
    }
    var random = SplitMix64(seed: seed)
    var best: (centres: [Double], assignments: [Int], inertia: Double)?
    for _ in 0..<3 {
      var centres = Self.seed(scaled, columns: columns, rows: rows, count: min(count, rows), &random)
      let found = Self.settle(scaled, columns: columns, rows: rows, &centres)
      if found.inertia < (best?.inertia ?? .infinity) { best = (centres, found.assignments, found.inertia) }
    }
    guard let best else { return }
    centres = best.centres.enumerated().map { $1 * deviations[$0 % columns] + means[$0 % columns] }
    assignments = best.assignments
    inertia = best.inertia
  }

  /// The group whose centre is nearest to a row.
  public func group(of row: [Double]) -> Int {
    var best = 0
    var least = Double.infinity
    for group in 0..<count {
      var distance = 0.0
      for column in 0..<min(columns, row.count) {
        let difference = (row[column] - centres[group * columns + column]) / deviations[column]
        distance += difference * difference
      }
      if distance < least {
        least = distance
        best = group
      }
    }
    return best
  }

  /// The grouping at the elbow: where the curve of inertia over the number of groups lies farthest below the line
  /// between its ends (V. Satopaa et al., "Finding a 'Kneedle' in a haystack", 2011).
  public static func atElbow(_ table: [Double], columns: Int, counts: ClosedRange<Int> = 2...10) -> KMeans {
    let candidates = counts.map { KMeans(table, columns: columns, count: $0) }
    guard let first = candidates.first, let last = candidates.last, candidates.count > 2 else {
      return candidates.first ?? KMeans(table, columns: columns, count: 1)
    }
    let drop = first.inertia - last.inertia
    guard drop > 0 else { return first }
    var best = first
    var deepest = -Double.infinity
    for (index, candidate) in candidates.enumerated() {
      let line = first.inertia - drop * Double(index) / Double(candidates.count - 1)
      if line - candidate.inertia > deepest {
        deepest = line - candidate.inertia
        best = candidate
      }
    }
    return best
  }

  private static func standards(_ table: [Double], columns: Int, rows: Int) -> (means: [Double], deviations: [Double]) {
    var means = [Double](repeating: 0, count: columns)
    var deviations = [Double](repeating: 1, count: columns)
    for column in 0..<columns where rows > 0 {
      var sum = 0.0
      for row in 0..<rows { sum += table[row * columns + column] }
      means[column] = sum / Double(rows)
      var squares = 0.0
      for row in 0..<rows {
        let difference = table[row * columns + column] - means[column]
        squares += difference * difference
      }
      let deviation = (squares / Double(rows)).squareRoot()
      if deviation > 0, deviation.isFinite { deviations[column] = deviation }
    }
    return (means, deviations)
  }

  private static func seed(
    _ table: [Double], columns: Int, rows: Int, count: Int, _ random: inout SplitMix64
  ) -> [Double] {
    func row(_ index: Int) -> ArraySlice<Double> { table[(index * columns)..<((index + 1) * columns)] }
    var centres = Array(row(random.index(below: rows)))
    var distances = [Double](repeating: .infinity, count: rows)
    while centres.count < count * columns {
      let newest = centres.suffix(columns)
      var total = 0.0
      for index in 0..<rows {
        distances[index] = min(distances[index], squaredDistance(row(index), newest))
        total += distances[index]
      }
      guard total > 0 else { break }
      var left = random.uniform() * total
      var chosen = rows - 1
      for index in 0..<rows {
        left -= distances[index]
        if left < 0 {
          chosen = index
          break
        }
      }
      centres += row(chosen)
    }
    return centres
  }

  private static func settle(
    _ table: [Double], columns: Int, rows: Int, _ centres: inout [Double]
  ) -> (assignments: [Int], inertia: Double) {
    let count = centres.count / columns
    var assignments = [Int](repeating: -1, count: rows)
    var inertia = 0.0
    for _ in 0..<100 {
      var isSettled = true
      inertia = 0
      for index in 0..<rows {
        let row = table[(index * columns)..<((index + 1) * columns)]
        var best = 0
        var least = Double.infinity
        for group in 0..<count {
          let distance = squaredDistance(row, centres[(group * columns)..<((group + 1) * columns)])
          if distance < least {
            least = distance
            best = group
          }
        }
        inertia += least
        if assignments[index] != best {
          assignments[index] = best
          isSettled = false
        }
      }
      if isSettled { break }
      var sums = [Double](repeating: 0, count: centres.count)
      var sizes = [Int](repeating: 0, count: count)
      for index in 0..<rows {
        sizes[assignments[index]] += 1
        for column in 0..<columns { sums[assignments[index] * columns + column] += table[index * columns + column] }
      }
      for group in 0..<count where sizes[group] > 0 {
        for column in 0..<columns {
          centres[group * columns + column] = sums[group * columns + column] / Double(sizes[group])
        }
      }
    }
    return (assignments, inertia)
  }

  private static func squaredDistance(_ left: ArraySlice<Double>, _ right: ArraySlice<Double>) -> Double {
    var sum = 0.0
    for (a, b) in zip(left, right) { sum += (a - b) * (a - b) }
    return sum
  }
}
