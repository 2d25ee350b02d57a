import Testing
import TimeSeries

@testable import Forecasting

@Suite("Two models, one answer")
struct TwoModelTests {
  private typealias Model = TwoModelForecaster<AutoAndProphet>

  /// Two weeks of five minutes: a day like the other, with noise of ±5 that nobody can foresee.
  private static func days(_ count: Int = 2400) -> [Double] {
    (0..<count).map { 100 + 40 * triangle($0, period: 288) + Double(($0 * 7919) % 101 - 50) / 10 }
  }

  @Test("while nothing is known of either, the short-term model hands over between one hour and six")
  func hands() {
    let hour = 3_600_000.0
    #expect(Model.shortShare(ahead: hour / 2) == 1 && Model.shortShare(ahead: hour) == 1)
    #expect(abs(Model.shortShare(ahead: hour * 6.0.squareRoot()) - 0.5) < 1e-12)
    #expect(Model.shortShare(ahead: 6 * hour) == 0 && Model.shortShare(ahead: 90 * hour) == 0)
  }

  @Test("quantiles are averaged by the say of each")
  func averages() {
    func distribution(_ centre: Double) -> ForecastDistribution {
      ForecastDistribution(
        origin: 0, step: 1, horizons: [1], quantiles: ErrorTable.levels,
        values: ErrorTable.levels.map { centre + $0 }, mean: [centre])
    }
    // 0.75 × 10 + 0.25 × 30 = 15.
    let row = ModelJoint().row(distribution(10), distribution(30), at: 0, shortShare: 0.75)
    for (value, level) in zip(row, ErrorTable.levels) { #expect(abs(value - 15 - level) < 1e-12) }
  }

  /// A half that forecasts a constant, which is known of every time.
  private struct Stubborn: RemembersHistory {
    static let name = "stubborn"
    var says = 0.0
    var width = 1.0
    var known = ForecastSeries(values: [], step: 300_000)

    init() {}
    init(says: Double, width: Double = 1, known: [Double]) {
      self.says = says
      self.width = width
      self.known.values = known
    }
    init(restoring bytes: [UInt8]) throws(ForecastError) { throw .unreadableState("never saved") }
    mutating func fit(_ series: ForecastSeries) { known = series }
    mutating func update(_ value: Double) { known.values.append(value) }
    var knownHistory: ForecastSeries { known }
    var reviewableSteps: Int { known.values.count * 2 / 3 }
    func before(steps: Int, past: ForecastSeries) -> Stubborn? { self }
    func dayBefore(steps: Int) -> Double? { nil }
    var observationCount: Int { known.values.count }
    func saved() -> [UInt8] { [] }
    func forecast(horizons: [Int], quantiles: [Double]) throws(ForecastError) -> ForecastDistribution {
      ForecastDistribution(
        origin: 0, step: 1, horizons: horizons, quantiles: quantiles,
        values: horizons.flatMap { _ in quantiles.map { says + width * NormalDistribution.quantile($0) } },
        mean: horizons.map { _ in says })
    }
  }

  @Test("the model that was right at earlier times speaks, the one that was wrong does not")
  func weighs() throws {
    let truths = [Double](repeating: 50, count: 900)
    let right = Stubborn(says: 50, known: truths)
    let wrong = Stubborn(says: 80, known: truths)
    let joint = ModelJoint(right, wrong) { true }
    for horizon in [1, 12, 100] { #expect(try #require(joint.shortShare(at: horizon)) > 0.9) }
    let other = ModelJoint(wrong, right) { true }
    for horizon in [1, 12, 100] { #expect(try #require(other.shortShare(at: horizon)) < 0.1) }
  }

  @Test("two that were equally right speak alike")
  func shares() throws {
    let truths = [Double](repeating: 50, count: 900)
    let joint = ModelJoint(Stubborn(says: 50, known: truths), Stubborn(says: 50, known: truths)) { true }
    #expect(abs(try #require(joint.shortShare(at: 12)) - 0.5) < 1e-9)
  }

  @Test("intervals that were three times too narrow become about three times as wide")
  func calibrates() throws {
    // Truths of a standard deviation of 3 around 50, where both halves expect one of 1.
    var random = SplitMix64(seed: 7)
    let truths = (0..<3000).map { _ in 50 + 3 * random.normal() }
    let half = Stubborn(says: 50, known: truths)
    let joint = ModelJoint(half, half) { true }
    let one = try half.forecast(horizons: [12], quantiles: ErrorTable.levels)
    let row = joint.row(one, one, at: 0, shortShare: 0.5)
    let width = (row[15] - row[3]) / (2 * NormalDistribution.quantile(0.975))
    #expect(width > 2 && width < 4)
    #expect(abs(row[ErrorTable.middle] - 50) < 1e-9)
  }

  @Test("the joint answer is hardly worse than that of its better half")
  func isNoWorse() throws {
    let all = Self.days(2688)
    let past = series(Array(all[..<2400]))
    let horizons = Array(1...288)
    func loss(_ model: any ForecastModel) throws -> Double {
      var model = model
      model.fit(past)
      let curve = try model.forecast(horizons: horizons, quantiles: [0.5]).values
      return zip(curve, all[2400...]).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    let better = min(try loss(AutoForecaster()), try loss(ProphetForecaster()))
    #expect(try loss(Model()) < 1.1 * better)
  }

  @Test("a half is trained anew only when it is due itself")
  func trainsWhatIsDue() throws {
    var model = Model()
    model.fit(series(Self.days(600)))
    #expect(!model.isTrainingDue)
    for value in Self.days(612).suffix(12) { model.observe(value) }
    #expect(model.isTrainingDue)
    model.train { true }
    #expect(!model.isTrainingDue)
  }

  @Test("keeps its answer over a save and a restore")
  func survivesSaving() throws {
    var model = Model()
    model.fit(series(Self.days(900)))
    let restored = try Model(restoring: model.saved())
    let request = (horizons: [1, 40, 288], quantiles: [0.025, 0.5, 0.975])
    #expect(
      try restored.forecast(horizons: request.horizons, quantiles: request.quantiles)
        == model.forecast(horizons: request.horizons, quantiles: request.quantiles))
  }
}
