/// What was learnt at one training: a ridge regression for each horizon, boosted trees where their library is installed,
/// and how much each of them, and the last value, is trusted.
struct ResourceModel: Sendable {
  /// The horizons in steps, ascending.
  let ladder: [Int]
  let names: [String]
  /// Those of the features that it was trained on, which it must be asked with.
  let scales: ResourceFeatures.Scales
  private var ridges: [Ridge] = []
  private var trees: TreeEnsemble?
  /// By horizon: of the last value, the ridge and the trees.
  private var weights: [[Double]] = []
  /// Forecast and truth on the held-out tail, by horizon; the errors of what never saw these values.
  private(set) var heldOut: [[(forecast: Double, naive: Double, truth: Double)]] = []
  /// For each horizon, how many of those were made with weights that had not seen them either: the newest ones.
  private(set) var untouched: [Int] = []

  private static let penalty = 0.01
  private static let mostRows = 3000
  private static let mostTested = 300

  /// A regression on standardised features.
  private struct Ridge: Sendable {
    var coefficients: [Double]
    var means: [Double]
    var deviations: [Double]

    init?(rows: [[Double]], targets: [Double]) {
      guard let width = rows.first?.count, rows.count > 20 else { return nil }
      let count = Double(rows.count)
      var means = [Double](repeating: 0, count: width)
      var deviations = means
      for row in rows { for index in 0..<width { means[index] += row[index] / count } }
      for row in rows {
        for index in 0..<width {
          deviations[index] += (row[index] - means[index]) * (row[index] - means[index]) / count
        }
      }
      deviations = deviations.map { $0 > 1e-18 ? $0.squareRoot() : .infinity }
      var equations = NormalEquations(width: width + 1)
      for (row, target) in zip(rows, targets) {
        equations.add(Self.standardised(row, means, deviations), target: target, weight: 1)
      }
      guard let solution = equations.solve(penalty: ResourceModel.penalty * max(1, 10 * Double(width) / count)),
        solution.allSatisfy(\.isFinite)
      else { return nil }
      coefficients = solution
      self.means = means
      self.deviations = deviations
    }

    /// What lies far outside of what was learnt from is cut: a line does not hold there.
    static func standardised(_ row: [Double], _ means: [Double], _ deviations: [Double]) -> [Double] {
      [1] + row.indices.map { min(6, max(-6, (row[$0] - means[$0]) / deviations[$0])) }
    }

    func predict(_ row: [Double]) -> Double {
      var sum = 0.0
      for (coefficient, value) in zip(coefficients, Self.standardised(row, means, deviations)) {
        sum += coefficient * value
      }
      return sum
    }
  }

  /// Learns a history, holding out its last three tenths for judgement first; nil if it is too short.
  ///
  /// - Complexity: O(rows × features²) for the ridges; 200 trees on at most 3,000 rows, twice.
  init?(_ features: ResourceFeatures, farthest: Int) {
    let count = features.values.count
    guard count >= 60 else { return nil }
    ladder = horizonLadder(through: min(farthest, count / 5))
    names = features.names
    scales = features.scales
    let border = count * 7 / 10
    var tested = Self(ladder: ladder, features)
    tested.train(features, through: border)
    judge(tested, features, from: border)
    train(features, through: count)
  }

  private init(ladder: [Int], _ features: ResourceFeatures) {
    self.ladder = ladder
    names = features.names
    scales = features.scales
  }

  private mutating func train(_ features: ResourceFeatures, through end: Int) {
    var table: [Float] = []
    var targets: [Float] = []
    ridges = []
    for (rung, horizon) in ladder.enumerated() {
      let last = end - horizon
      let spacing = max(1, last / Self.mostRows)
      var rows: [[Double]] = []
      var changes: [Double] = []
      for origin in stride(from: last % spacing, to: max(0, last), by: spacing)
      where origin >= 12 && features.isMeasured[origin] && features.isMeasured[origin + horizon] {
        rows.append(features.row(origin: origin, horizon: horizon))
        changes.append(features.values[origin + horizon] - features.values[origin])
      }
      if let ridge = Ridge(rows: rows, targets: changes) { ridges.append(ridge) }
      // The trees answer for all horizons together; each gives its share of rows.
      let share = max(1, rows.count * ladder.count / Self.mostRows)
      for index in rows.indices where (index + rung) % share == 0 {
        table += rows[index].map { Float($0) }
        targets.append(Float(changes[index]))
      }
    }
    // Without one for each horizon there is none: the order is what tells them apart.
    if ridges.count != ladder.count { ridges = [] }
    trees =
      targets.count >= 60
      ? try? TreeEnsemble.train(.gradientBoosting, features: table, columns: names.count, targets: targets) : nil
  }

  /// The changes that each part expects: none, those of the ridge and of the trees.
  private func parts(_ row: [Double], rung: Int) -> [Double] {
    var answers = [0.0, ridges.isEmpty ? 0 : ridges[rung].predict(row)]
    let grown = trees.flatMap { try? $0.predict(row.map { Float($0) }).first }.map { Double($0) }
    answers.append(grown ?? answers[1])
    return answers.map { $0.isFinite ? $0 : 0 }
  }

  private mutating func judge(_ tested: ResourceModel, _ features: ResourceFeatures, from border: Int) {
    let count = features.values.count
    let middle = (border + count) / 2
    for (rung, horizon) in ladder.enumerated() {
      let origins = (border..<max(border, count - horizon)).filter {
        features.isMeasured[$0] && features.isMeasured[$0 + horizon]
      }
      let spacing = max(1, origins.count / Self.mostTested)
      var seen: [(parts: [Double], here: Double, truth: Double, isEarly: Bool)] = []
      for index in stride(from: 0, to: origins.count, by: spacing) {
        let origin = origins[index]
        seen.append(
          (
            tested.parts(features.row(origin: origin, horizon: horizon), rung: rung), features.values[origin],
            features.values[origin + horizon], origin + horizon < middle
          ))
      }
      // Weights come from the first half of the tail, so that the second half judges the whole.
      let early = seen.filter(\.isEarly)
      let losses = (0..<3).map { part in
        early.reduce(0.0) { $0 + abs($1.truth - $1.here - $1.parts[part]) } / Double(max(1, early.count))
      }
      let least = losses.min() ?? 0
      var weights = losses.map { $0 > 0 ? power(least / $0, 6) : 1 }
      if early.isEmpty { weights = [1, 0, 0] }
      let total = weights.reduce(0, +)
      weights = weights.map { $0 / total }
      self.weights.append(weights)
      heldOut.append(
        seen.map { one in
          (one.here + zip(weights, one.parts).reduce(0) { $0 + $1.0 * $1.1 }, one.here, one.truth)
        })
      untouched.append(seen.count - early.count)
    }
  }

  /// The expected value at a rung of the ladder, in scaled units.
  func forecast(_ features: ResourceFeatures, origin: Int, horizon: Int, rung: Int) -> Double {
    let parts = parts(features.row(origin: origin, horizon: horizon), rung: rung)
    var sum = features.values[origin]
    for (weight, part) in zip(weights[rung], parts) { sum += weight * part }
    return sum
  }

  /// How much each feature matters, by name, most important first; shares of 1, or none if nothing was learnt.
  ///
  /// By the trees' gain where there are trees, else by the size of the standardised coefficients over all horizons.
  func importances() -> [(name: String, share: Double)] {
    var shares = [Double](repeating: 0, count: names.count)
    if let trees, let gains = try? trees.importances() {
      shares = gains
    } else {
      for ridge in ridges { for index in shares.indices { shares[index] += abs(ridge.coefficients[index + 1]) } }
    }
    let total = shares.reduce(0, +)
    guard total > 0, total.isFinite else { return [] }
    return zip(names, shares).map { ($0, $1 / total) }.sorted { $0.1 > $1.1 }
  }
}
