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

  /// The step, from 0, that half of the passages lie closest around: the median of those in the shortest span of steps that
  /// holds half of them.
  ///
  /// A time to be near to, rather than one to be past with an even chance: passages are mostly soon, with a long tail, or at
  /// one hour of several, and a time between them would be near none. Of the shortest half (P. J. Rousseeuw and A. M.
  /// Leroy, "A robust scale estimator based on the shortest half", 1988) the median is taken since its middle may lie in
  /// a gap.
  ///
  /// - Parameter passages: the share of paths at each step, not all 0.
  static func likeliest(_ passages: [Double]) -> Int {
    let half = passages.reduce(0, +) / 2
    // What the sums are rounded by shall not make a span longer.
    let enough = half * (1 - 1e-9)
    var best = (width: Int.max, start: 0)
    var end = 0
    var held = 0.0
    for start in passages.indices {
      while end < passages.count, held < enough {
        held += passages[end]
        end += 1
      }
      guard held >= enough else { break }
      if end - start < best.width { best = (end - start, start) }
      held -= passages[start]
    }
    var step = best.start
    var left = half / 2
    while step < passages.count - 1, passages[step] < left {
      left -= passages[step]
      step += 1
    }
    return step
  }

  /// The greatest values that paths have had by each step, path by path, with the paths' weights.
  struct Maxima {
    fileprivate(set) var weights: [Double] = []
    fileprivate(set) var courses: [Double] = []
    let steps: Int

    /// The greatest value that a path has had by its last step.
    fileprivate func last(_ path: Int) -> Double { courses[(path + 1) * steps - 1] }

    /// The step, from 0, by which a value is likeliest reached, see ``likeliest(_:)``; nil if no path reaches it.
    fileprivate func arrival(at value: Double) -> Int? {
      var arriving = [Double](repeating: 0, count: steps)
      var total = 0.0
      for path in weights.indices where last(path) >= value {
        // The first step at which the course, which never falls, is there.
        var (low, high) = (0, steps - 1)
        while low < high {
          let middle = (low + high) / 2
          if courses[path * steps + middle] >= value { high = middle } else { low = middle + 1 }
        }
        arriving[low] += weights[path]
        total += weights[path]
      }
      return total > 0 ? PathSimulation.likeliest(arriving) : nil
    }
  }

  /// Lets paths run and notes their maxima.
  ///
  /// - Parameters:
  ///   - rows: the distribution of each step, as rows of an ``ErrorTable``.
  ///   - persistences: as for `firstPassages`, one for each row.
  ///   - past: paths of the past, with their weight against that of all simulated ones together, which is 1.
  /// - Complexity: O(steps) with a large constant: about 0.1 ms each.
  static func maxima(rows: [[Double]], persistences: [Double], past: [PastDays.Path] = []) -> Maxima {
    let pairs = 500
    let steps = rows.count
    let phis = persistences.map { min(1, max(0, $0)) }
    let noises = phis.map { (1 - $0 * $0).squareRoot() }
    var noise = NormalNoise()
    var heights = (0..<pairs).map { _ in noise.next() }
    var result = Maxima(steps: steps)
    result.weights = [Double](repeating: 1 / Double(2 * pairs), count: 2 * pairs) + past.map(\.weight)
    result.courses = [Double](repeating: 0, count: result.weights.count * steps)
    for index in rows.indices {
      for pair in 0..<pairs {
        if index > 0 { heights[pair] = phis[index] * heights[pair] + noises[index] * noise.next() }
        let level = NormalDistribution.cumulative(heights[pair])
        result.courses[2 * pair * steps + index] = ErrorTable.value(of: rows[index], at: level)
        result.courses[(2 * pair + 1) * steps + index] = ErrorTable.value(of: rows[index], at: 1 - level)
      }
      for (place, path) in past.enumerated() {
        result.courses[(2 * pairs + place) * steps + index] = path.values[index]
      }
    }
    for path in result.weights.indices {
      for position in (path * steps + 1)..<max(path * steps + 1, (path + 1) * steps) {
        result.courses[position] = max(result.courses[position], result.courses[position - 1])
      }
    }
    return result
  }

  /// Curves that tell which thresholds are reached, and when: for each step and level the greatest value that by the
  /// last step is reached with a probability of one minus the level or more, and that is likeliest reached by this step.
  ///
  /// The last row holds the quantiles of the greatest value.
  ///
  /// - Parameter levels: each between 0 and 1.
  static func arrivals(_ maxima: Maxima, levels: [Double]) -> [[Double]] {
    let steps = maxima.steps
    guard steps > 0 else { return [] }
    let order = maxima.weights.indices.sorted { maxima.last($0) < maxima.last($1) }
    let total = maxima.weights.reduce(0, +)
    let ends = levels.map { level in
      var left = level * total
      for path in order {
        left -= maxima.weights[path]
        if left <= 0 { return maxima.last(path) }
      }
      return maxima.last(order[order.count - 1])
    }
    // Every third path's last and first value tell apart more thresholds than the paths can judge.
    var values = ends
    for place in Swift.stride(from: 0, to: order.count, by: 3) {
      values.append(maxima.last(order[place]))
      values.append(maxima.courses[order[place] * steps])
    }
    let lowest = maxima.weights.indices.lazy.map { maxima.courses[$0 * steps] }.min() ?? 0
    var curves = [[Double]](repeating: ends.map { min($0, lowest) }, count: steps)
    for value in Set(values) {
      guard let arrival = maxima.arrival(at: value) else { continue }
      for (column, end) in ends.enumerated() where value <= end {
        curves[arrival][column] = max(curves[arrival][column], value)
      }
    }
    for step in curves.indices.dropFirst() {
      for column in levels.indices { curves[step][column] = max(curves[step][column], curves[step - 1][column]) }
    }
    return curves
  }
}
