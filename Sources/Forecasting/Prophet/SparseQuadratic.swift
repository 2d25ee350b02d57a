/// A convex quadratic function of some parameters with a price on the magnitude of a few of them:
/// ½·θᵀHθ - cᵀθ + price·Σ|θⱼ| over the sparse j.
///
/// Its minimum is found exactly, by the signs of the parameters that are not zero: H. Lee et al., "Efficient sparse coding
/// algorithms" (2007), the feature-sign search.
struct SparseQuadratic {
  let width: Int
  /// Symmetric and positive definite, row by row.
  private let curvature: [Double]
  private let slopes: [Double]
  private let price: Double
  /// The parameters from this one on, through `sparseEnd`, are the sparse ones.
  private let sparse: Range<Int>

  init(curvature: [Double], slopes: [Double], price: Double, sparse: Range<Int>) {
    width = slopes.count
    self.curvature = curvature
    self.slopes = slopes
    self.price = price
    self.sparse = sparse
  }

  /// The parameters at the minimum.
  ///
  /// - Parameter start: where to search from; the nearer, the fewer steps.
  /// - Complexity: O(width³) for each sparse parameter that becomes zero or ceases to be.
  func minimum(from start: [Double]) -> [Double] {
    var point = start
    var signs = sparse.map { sign(point[$0]) }
    // Rounding can make a parameter come and go for ever; each comes and goes but a few times otherwise.
    for round in 0..<8 * (sparse.count + 1) {
      if round > 0 {
        guard let next = steepest(point, signs) else { break }
        signs[next.index - sparse.lowerBound] = next.sign
      }
      while step(&point, &signs) {}
    }
    return point
  }

  private func sign(_ value: Double) -> Double { value > 0 ? 1 : value < 0 ? -1 : 0 }

  /// The sparse parameter at zero that the function would fall fastest along, and to which side; nil if it would not.
  private func steepest(_ point: [Double], _ signs: [Double]) -> (index: Int, sign: Double)? {
    var best: (index: Int, sign: Double)?
    var greatest = price * (1 + 1e-9)
    for index in sparse where signs[index - sparse.lowerBound] == 0 {
      let slope = gradient(point, at: index)
      if abs(slope) > greatest {
        greatest = abs(slope)
        best = (index, slope < 0 ? 1 : -1)
      }
    }
    return best
  }

  private func gradient(_ point: [Double], at row: Int) -> Double {
    var sum = -slopes[row]
    for column in 0..<width { sum += curvature[row * width + column] * point[column] }
    return sum
  }

  /// Goes to the minimum for these signs, or as far towards it as the function falls when parameters pass zero; whether
  /// one of them stopped there.
  private func step(_ point: inout [Double], _ signs: inout [Double]) -> Bool {
    let active = (0..<width).filter { !sparse.contains($0) || signs[$0 - sparse.lowerBound] != 0 }
    func price(of index: Int) -> Double {
      sparse.contains(index) ? self.price * signs[index - sparse.lowerBound] : 0
    }
    guard let goal = solve(active, active.map { slopes[$0] - price(of: $0) }) else { return false }
    let way = zip(active, goal).map { $1 - point[$0] }
    // Where parameters pass zero on the way, as shares of it.
    var crossings: [(share: Double, index: Int)] = []
    for (position, index) in active.enumerated() where sparse.contains(index) && point[index] != 0 {
      if goal[position] * point[index] <= 0 { crossings.append((-point[index] / way[position], index)) }
    }
    guard !crossings.isEmpty else {
      for (position, index) in active.enumerated() { point[index] = goal[position] }
      return false
    }
    var linear = 0.0
    var quadratic = 0.0
    for (position, row) in active.enumerated() {
      linear += gradient(point, at: row) * way[position]
      for (other, column) in active.enumerated() {
        quadratic += 0.5 * way[position] * curvature[row * width + column] * way[other]
      }
    }
    func value(_ share: Double) -> Double {
      var magnitude = 0.0
      for (position, index) in active.enumerated() where sparse.contains(index) {
        magnitude += abs(point[index] + share * way[position])
      }
      return linear * share + quadratic * share * share + self.price * magnitude
    }
    var best = (share: 1.0, index: -1, value: value(1))
    for crossing in crossings where crossing.share >= 0 && crossing.share <= 1 {
      let value = value(crossing.share)
      if value < best.value { best = (crossing.share, crossing.index, value) }
    }
    for (position, index) in active.enumerated() { point[index] += best.share * way[position] }
    if best.index >= 0 { point[best.index] = 0 }
    for index in sparse { signs[index - sparse.lowerBound] = sign(point[index]) }
    return true
  }

  /// The minimum over the active parameters, the others zero, by Cholesky's factorisation; nil if rounding forbids it.
  private func solve(_ active: [Int], _ targets: [Double]) -> [Double]? {
    let count = active.count
    var factor = [Double](repeating: 0, count: count * count)
    var solution = targets
    let isSolved = factor.withUnsafeMutableBufferPointer { factor in
      for (row, index) in active.enumerated() {
        for column in 0...row {
          let rows = UnsafeBufferPointer(rebasing: factor[(row * count)..<(row * count + column)])
          let columns = UnsafeBufferPointer(rebasing: factor[(column * count)..<(column * count + column)])
          let rest = curvature[index * width + active[column]] - dotProduct(rows, columns)
          if row == column {
            guard rest > 0 else { return false }
            factor[row * count + row] = rest.squareRoot()
          } else {
            factor[row * count + column] = rest / factor[column * count + column]
          }
        }
      }
      return true
    }
    guard isSolved else { return nil }
    for row in 0..<count {
      for inner in 0..<row { solution[row] -= factor[row * count + inner] * solution[inner] }
      solution[row] /= factor[row * count + row]
    }
    for row in stride(from: count - 1, through: 0, by: -1) {
      for inner in row + 1..<max(row + 1, count) { solution[row] -= factor[inner * count + row] * solution[inner] }
      solution[row] /= factor[row * count + row]
    }
    return solution
  }
}
