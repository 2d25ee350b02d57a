/// The normal equations of the regression among the features of an ``ExpertPanel``, see ``NormalEquations``.
///
/// Thousands of them are kept: in single precision, since the penalty is far above its rounding. They are solved in
/// double precision.
struct PanelEquations: Sendable {
  private static let width = ExpertPanel.featureCount
  private static let lanes = ExpertPanel.featureLanes
  /// How many lanes hold the rows of the lower triangle of XᵀWX, each row as many as reach to the diagonal.
  private static let size = 4 * lanes * (lanes + 1) / 2

  /// XᵀWX, and behind it XᵀWz.
  private var sums = [Lanes](repeating: .zero, count: size + lanes)
  /// The sum of the rows' weights.
  private var weight = 0.0
  /// What new rows are divided by, so that old rows fade without being touched.
  private var unit = 1.0

  /// Adds a panel's features and what they should have added up to.
  mutating func add(_ panel: ExpertPanel, target: Float, weight: Double) {
    let rowWeight = weight / unit
    let scale = Float(rowWeight)
    sums.withUnsafeMutableBufferPointer { sums in
      for lane in 0..<Self.lanes { sums[Self.size + lane] += panel.features(lane) * (scale * target) }
      var position = 0
      for row in 0..<Self.width {
        let weighted = panel.features[row] * scale
        for lane in 0...row >> 2 {
          sums[position] += panel.features(lane) * weighted
          position += 1
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
    for index in sums.indices { sums[index] *= Float(unit) }
    weight *= unit
    unit = 1
  }

  /// The coefficients under the given penalty; nil if there is nothing to learn from.
  func solve(penalty: Double) -> [Lanes]? {
    guard weight > 0 else { return nil }
    var products: [Double] = []
    products.reserveCapacity(Self.width * (Self.width + 1) / 2)
    var position = 0
    for row in 0..<Self.width {
      for column in 0...row { products.append(Double(sums[position + column >> 2][column & 3])) }
      position += row >> 2 + 1
    }
    let targets = (0..<Self.width).map { Double(sums[Self.size + $0 >> 2][$0 & 3]) }
    let solution = NormalEquations.solve(products: products, targets: targets, weight: weight, penalty: penalty)
    return solution.map { solution in
      (0..<Self.lanes).map { lane in
        let first = 4 * lane
        return Lanes(
          Float(solution[first]), Float(solution[first + 1]), Float(solution[first + 2]), Float(solution[first + 3]))
      }
    }
  }
}
