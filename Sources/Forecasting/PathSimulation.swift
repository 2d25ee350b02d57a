/// Standard normal numbers, the same ones for every new generator.
struct NormalNoise {
  private static let quantiles: [Double] = (0..<4096).map { NormalDistribution.quantile((Double($0) + 0.5) / 4096) }
  private let quantiles = Self.quantiles
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// By xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
  @inline(__always)
  mutating func next() -> Double {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return quantiles[Int((state &* 0x2545_F491_4F6C_DD1D) >> 52)]
  }
}

/// Stationary Gaussian paths, the same on every call.
enum PathSimulation {
  /// The share of paths that first reach the barrier at each step.
  ///
  /// A path is z[t] = φ·z[t-1] + √(1-φ²)·noise, started from its stationary law. Every path runs with its mirror
  /// image (antithetic variates), so that the marginal law is symmetric.
  ///
  /// - Parameter persistences: φ of the step to each barrier, as many as there are barriers; the first is not used.
  static func firstPassages(barriers: [Double], persistences: [Double]) -> [Double] {
    var counts = [Int](repeating: 0, count: barriers.count)
    guard !barriers.isEmpty, barriers.contains(where: { $0 < 8 }) else { return barriers.map { _ in 0 } }
    let pairs = min(1000, max(250, 250_000 / barriers.count))
    let phis = persistences.map { min(1, max(0, $0)) }
    let noises = phis.map { (1 - $0 * $0).squareRoot() }
    var noise = NormalNoise()
    for _ in 0..<pairs {
      var z = noise.next()
      var isOpen = true
      var isMirrorOpen = true
      for index in barriers.indices {
        if index > 0 { z = phis[index] * z + noises[index] * noise.next() }
        if isOpen, z >= barriers[index] {
          counts[index] += 1
          isOpen = false
        }
        if isMirrorOpen, -z >= barriers[index] {
          counts[index] += 1
          isMirrorOpen = false
        }
        if !isOpen, !isMirrorOpen { break }
      }
    }
    return counts.map { Double($0) / Double(2 * pairs) }
  }

  /// For each step the quantiles of the greatest value that a path has had so far.
  ///
  /// - Parameters:
  ///   - rows: the distribution of each step, as rows of an ``ErrorTable``.
  ///   - persistences: as for `firstPassages`, one for each row.
  ///   - past: paths of the past, with their weight against that of all simulated ones together, which is 1.
  ///   - levels: the quantiles' levels, each between 0 and 1.
  /// - Complexity: O(steps) with a large constant: about 0.1 ms each.
  static func runningMaxima(
    rows: [[Double]], persistences: [Double], past: [PastDays.Path] = [], levels: [Double]
  ) -> [[Double]] {
    let pairs = 500
    let phis = persistences.map { min(1, max(0, $0)) }
    let noises = phis.map { (1 - $0 * $0).squareRoot() }
    var noise = NormalNoise()
    var heights = (0..<pairs).map { _ in noise.next() }
    var maxima = [Double](repeating: -.infinity, count: 2 * pairs + past.count)
    let weights = [Double](repeating: 1 / Double(2 * pairs), count: 2 * pairs) + past.map(\.weight)
    let total = 1 + past.reduce(0) { $0 + $1.weight }
    return rows.indices.map { index in
      for pair in 0..<pairs {
        if index > 0 { heights[pair] = phis[index] * heights[pair] + noises[index] * noise.next() }
        let level = NormalDistribution.cumulative(heights[pair])
        maxima[2 * pair] = max(maxima[2 * pair], ErrorTable.value(of: rows[index], at: level))
        maxima[2 * pair + 1] = max(maxima[2 * pair + 1], ErrorTable.value(of: rows[index], at: 1 - level))
      }
      for (place, path) in past.enumerated() {
        maxima[2 * pairs + place] = max(maxima[2 * pairs + place], path.values[index])
      }
      let order = maxima.indices.sorted { maxima[$0] < maxima[$1] }
      return levels.map { level in
        var left = level * total
        for index in order {
          left -= weights[index]
          if left <= 0 { return maxima[index] }
        }
        return maxima[order[order.count - 1]]
      }
    }
  }
}
