/// Least squares with a penalty on the size of the coefficients, from sums that grow row by row.
///
/// A. E. Hoerl and R. W. Kennard, "Ridge regression" (1970). The penalty is relative to each feature's own mean
/// square, so that it does not matter in which unit a feature is measured.
///
/// `Stored` is what the sums are kept in: where thousands of them are kept, `Float` will do, since the penalty is far
/// above its rounding; they are solved in `Double`.
struct NormalEquations<Stored: BinaryFloatingPoint & Sendable>: Sendable, Equatable {
  let width: Int
  /// The lower triangle of XᵀWX, row by row.
  private(set) var products: [Stored]
  /// XᵀWz.
  private(set) var targets: [Stored]
  /// The sum of the rows' weights.
  private(set) var weight = 0.0
  /// What new rows are divided by, so that old rows fade without being touched.
  private(set) var unit = 1.0

  init(width: Int) {
    self.width = width
    products = [Stored](repeating: 0, count: width * (width + 1) / 2)
    targets = [Stored](repeating: 0, count: width)
  }

  /// Adds a row of features and what they should have added up to.
  mutating func add(_ features: UnsafePointer<Double>, target: Double, weight: Double) {
    let rowWeight = weight / unit
    let width = width
    withUnsafeTemporaryAllocation(of: Stored.self, capacity: width) { row in
      for index in 0..<width { row.initializeElement(at: index, to: Stored(features[index])) }
      let scale = Stored(rowWeight)
      let value = Stored(target)
      for index in 0..<width { targets[index] += row[index] * scale * value }
      products.withUnsafeMutableBufferPointer { products in
        var position = 0
        for index in 0..<width {
          let weighted = row[index] * scale
          for column in 0...index { products[position + column] += weighted * row[column] }
          position += index + 1
        }
      }
    }
    self.weight += rowWeight
  }

  /// Makes all rows so far count less.
  mutating func fade(_ factor: Double) {
    unit *= factor
    // Far from the end of what `Float` holds.
    guard unit < 1e-12 else { return }
    for index in products.indices { products[index] *= Stored(unit) }
    for index in targets.indices { targets[index] *= Stored(unit) }
    weight *= unit
    unit = 1
  }

  /// The coefficients under the given penalty, by Cholesky's factorisation; nil if there is nothing to learn from.
  ///
  /// - Complexity: O(width³).
  func solve(penalty: Double) -> [Double]? {
    guard weight > 0 else { return nil }
    var scales = [Double](repeating: 0, count: width)
    for row in 0..<width {
      let square = Double(products[row * (row + 1) / 2 + row]) / weight
      scales[row] = square > 1e-24 ? 1 / square.squareRoot() : 0
    }
    var factor = [Double](repeating: 0, count: width * width)
    var solution = [Double](repeating: 0, count: width)
    for row in 0..<width {
      for column in 0...row {
        var sum = Double(products[row * (row + 1) / 2 + column]) / weight * scales[row] * scales[column]
        if row == column { sum = (scales[row] == 0 ? 1 : sum) + penalty }
        for inner in 0..<column { sum -= factor[row * width + inner] * factor[column * width + inner] }
        if row == column {
          guard sum > 1e-12 else { return nil }
          factor[row * width + row] = sum.squareRoot()
        } else {
          factor[row * width + column] = sum / factor[column * width + column]
        }
      }
    }
    for row in 0..<width {
      var sum = Double(targets[row]) / weight * scales[row]
      for inner in 0..<row { sum -= factor[row * width + inner] * solution[inner] }
      solution[row] = sum / factor[row * width + row]
    }
    for row in stride(from: width - 1, through: 0, by: -1) {
      var sum = solution[row]
      for inner in row + 1..<width { sum -= factor[inner * width + row] * solution[inner] }
      solution[row] = sum / factor[row * width + row]
    }
    for row in 0..<width { solution[row] *= scales[row] }
    return solution
  }
}
