/// Least squares with a penalty on the size of the coefficients, from sums that grow row by row.
///
/// A. E. Hoerl and R. W. Kennard, "Ridge regression" (1970). The penalty is relative to each feature's own mean
/// square, so that it does not matter in which unit a feature is measured.
struct NormalEquations: Sendable, Equatable {
  let width: Int
  /// The lower triangle of XᵀWX, row by row.
  private(set) var products: [Double]
  /// XᵀWz.
  private(set) var targets: [Double]
  /// The sum of the rows' weights.
  private(set) var weight = 0.0
  /// What new rows are divided by, so that old rows fade without being touched.
  private(set) var unit = 1.0

  init(width: Int) {
    self.width = width
    products = [Double](repeating: 0, count: width * (width + 1) / 2)
    targets = [Double](repeating: 0, count: width)
  }

  /// Adds a row of features and what they should have added up to.
  mutating func add(_ features: UnsafePointer<Double>, target: Double, weight: Double) {
    let rowWeight = weight / unit
    for index in 0..<width { targets[index] += features[index] * rowWeight * target }
    products.withUnsafeMutableBufferPointer { products in
      var position = 0
      for index in 0..<width {
        let weighted = features[index] * rowWeight
        for column in 0...index { products[position + column] += weighted * features[column] }
        position += index + 1
      }
    }
    self.weight += rowWeight
  }

  /// Makes all rows so far count less.
  mutating func fade(_ factor: Double) {
    unit *= factor
    // Far from the end of what a number holds.
    guard unit < 1e-12 else { return }
    for index in products.indices { products[index] *= unit }
    for index in targets.indices { targets[index] *= unit }
    weight *= unit
    unit = 1
  }

  /// The coefficients under the given penalty; nil if there is nothing to learn from.
  ///
  /// - Complexity: O(width³).
  func solve(penalty: Double) -> [Double]? {
    guard weight > 0 else { return nil }
    return Self.solve(products: products, targets: targets, weight: weight, penalty: penalty)
  }

  /// Solves by Cholesky's factorisation.
  ///
  /// - Parameters:
  ///   - products: the lower triangle of XᵀWX, row by row.
  ///   - targets: XᵀWz.
  ///   - weight: the sum of the rows' weights, more than 0.
  static func solve(products: [Double], targets: [Double], weight: Double, penalty: Double) -> [Double]? {
    let width = targets.count
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: width * (width + 1) / 2 + width) { buffer in
      products.withUnsafeBufferPointer { products in
        buffer.initialize(repeating: 0)
        // The rows of the lower triangle, and the square roots of its diagonal's part of `products`.
        let scales = UnsafeMutableBufferPointer(rebasing: buffer[(width * (width + 1) / 2)...])
        let perWeight = 1 / weight
        for row in 0..<width {
          let square = products[row * (row + 1) / 2 + row] * perWeight
          scales[row] = square > 1e-24 ? 1 / square.squareRoot() : 0
        }
        for row in 0..<width {
          let start = row * (row + 1) / 2
          for column in 0...row {
            let other = column * (column + 1) / 2
            var sum = products[start + column] * perWeight * scales[row] * scales[column]
            if row == column { sum = (scales[row] == 0 ? 1 : sum) + penalty }
            for inner in 0..<column { sum -= buffer[start + inner] * buffer[other + inner] }
            if row == column {
              guard sum > 1e-12 else { return nil }
              buffer[start + row] = sum.squareRoot()
            } else {
              buffer[start + column] = sum / buffer[other + column]
            }
          }
        }
        var solution = [Double](repeating: 0, count: width)
        for row in 0..<width {
          let start = row * (row + 1) / 2
          var sum = targets[row] * perWeight * scales[row]
          for inner in 0..<row { sum -= buffer[start + inner] * solution[inner] }
          solution[row] = sum / buffer[start + row]
        }
        for row in stride(from: width - 1, through: 0, by: -1) {
          var sum = solution[row]
          for inner in row + 1..<width { sum -= buffer[inner * (inner + 1) / 2 + row] * solution[inner] }
          solution[row] = sum / buffer[row * (row + 1) / 2 + row]
        }
        for row in 0..<width { solution[row] *= scales[row] }
        return solution
      }
    }
  }
}
