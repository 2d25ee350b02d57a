import Forecasting
import Testing
import TimeSeries

@testable import Rules

/// Rules that are served by a model that was trained beforehand.
struct TrainedModelTests {
  private static let depth = Labels(name: "depth", ["queue": "q"])
  private static let rules = """
    groups:
    - name: g
      rules:
      - record: depth_forecast
        expr: depth
        forecast: {horizons: [5m], history: 1h, step: 30s, model: "trained:orders"}
    """

  private static func value(_ second: Int64) -> Double { Double(second) / 7 + Double(second * second % 97) }

  /// A `theta` that knows the 400 values up to `end` seconds after the start.
  private static func fitted(end: Int64) -> any ForecastModel {
    var model = ThetaForecaster()
    let first = end - 399 * 30
    model.fit(
      ForecastSeries(
        values: (0..<400).map { value(first + $0 * 30) }, step: 30_000, start: RuleFixture.start + first * 1000))
    return model
  }

  private static func trained(
    end: Int64, labels: Labels = Labels([Label("queue", "q")]), step: Int64 = 30_000, digest: String = "1"
  ) -> TrainedModel {
    TrainedModel(
      name: "orders", digest: digest, step: step, end: RuleFixture.start + end * 1000,
      states: [labels: fitted(end: end).saved()])
  }

  private func load(_ fixture: RuleFixture, _ model: TrainedModel) throws {
    var file = try RuleFile.parse(Self.rules, path: "r.yml")
    try file.attachTrainedModels { name in
      #expect(name == "orders")
      return model
    }
    fixture.manager.reload([file])
  }

  private func play(_ fixture: RuleFixture, _ seconds: ClosedRange<Int64>) async throws {
    try await fixture.play(Self.depth, from: seconds.lowerBound, through: seconds.upperBound, value: Self.value)
  }

  /// The same model, taught by hand what came after its training.
  private func expected(trainedUntil end: Int64, now: Int64, knowingFrom first: Int64) throws -> Double {
    var model = Self.fitted(end: end)
    for second in stride(from: end + 30, through: now, by: 30) {
      model.update(second < first ? .nan : Self.value(second))
    }
    return try #require(try model.forecast(horizons: [10], quantiles: [0.5]).values.first)
  }

  @Test func `its forecasts are those of the trained model with what came since, to the last bit`() async throws {
    let fixture = RuleFixture()
    try load(fixture, Self.trained(end: -120))
    // Nothing is known of the two minutes between the training and the first sample.
    try await play(fixture, 0...600)
    let now = try expected(trainedUntil: -120, now: 600, knowingFrom: 0)
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == now)
    let report = try #require(fixture.manager.groups().first?.rules.first?.forecasts.first)
    #expect(report.model == "trained:orders" && report.isSettled)
  }

  @Test func `it answers at the first evaluation, when others still wait for thirty values`() async throws {
    let fixture = RuleFixture()
    try load(fixture, Self.trained(end: -30))
    try await play(fixture, 0...0)
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == expected(trainedUntil: -30, now: 0, knowingFrom: 0))
  }

  @Test func `a series that it does not know is forecast by auto; one state without labels serves all`() async throws {
    let strange = RuleFixture()
    try load(strange, Self.trained(end: -30, labels: Labels([Label("queue", "other")])))
    try await play(strange, 0...60)
    #expect(strange.manager.groups().flatMap { $0.rules.flatMap(\.forecasts) }.map(\.model) == ["auto"])
    let general = RuleFixture()
    try load(general, Self.trained(end: -30, labels: .empty))
    try await play(general, 0...60)
    #expect(general.manager.groups().flatMap { $0.rules.flatMap(\.forecasts) }.map(\.model) == ["trained:orders"])
  }

  @Test func `after a restart it goes on where it was`() async throws {
    let keeper = MemoryKeeper()
    let first = RuleFixture(keeper: keeper)
    try load(first, Self.trained(end: -120))
    try await play(first, 0...300)
    await first.manager.save()
    let second = RuleFixture(after: first, keeper: keeper)
    try load(second, Self.trained(end: -120))
    try await play(second, 315...600)
    #expect(try second.value(#"depth_forecast{q="0.5"}"#) == expected(trainedUntil: -120, now: 600, knowingFrom: 0))
  }

  @Test func `a reload begins anew with another version of the model, and goes on with the same`() async throws {
    let fixture = RuleFixture()
    try load(fixture, Self.trained(end: -120))
    try await play(fixture, 0...300)
    try load(fixture, Self.trained(end: -120))
    try await play(fixture, 315...330)
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == expected(trainedUntil: -120, now: 330, knowingFrom: 0))
    // What the store has since the later training is learnt by the other version.
    try load(fixture, Self.trained(end: 120, digest: "2"))
    try await play(fixture, 345...360)
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == expected(trainedUntil: 120, now: 360, knowingFrom: 0))
  }

  @Test func `a model that does not fit, or cannot be had, is refused with the rule's name`() throws {
    var file = try RuleFile.parse(Self.rules, path: "r.yml")
    let place = #"r.yml: group "g", rule 1, "depth_forecast": model trained:orders: "#
    #expect(
      throws: RuleFileErrors(errors: [
        RuleFileError(
          path: "r.yml", line: 0, column: 0,
          message: place.replacing("r.yml: ", with: "") + "it was trained at a step of 1m, the rule has 30s")
      ])
    ) { try file.attachTrainedModels { _ in Self.trained(end: 0, step: 60_000) } }
    do {
      try file.attachTrainedModels { _ in throw RuleFault("no such thing") }
      Issue.record("a refusal is expected")
    } catch {
      #expect("\(error)" == place + "no such thing")
    }
  }

  @Test(arguments: [
    ("", nil), (", companions: [rate]", "it was trained with these companions: none; the rule has: rate"),
  ])
  func `a rule has as many companions as the training had`(block: String, fault: String?) throws {
    var file = try RuleFile.parse(
      Self.rules.replacing("\"trained:orders\"", with: "\"trained:orders\"" + block), path: "r.yml")
    do {
      try file.attachTrainedModels { _ in Self.trained(end: 0) }
      #expect(fault == nil)
    } catch {
      #expect("\(error)".hasSuffix(fault ?? "no error"))
    }
  }

  @Test(arguments: [
    ("rate, 'max by (queue) (load)'", true), ("rate, 'max(load) by (queue)'", true), ("recorded, load", true),
    ("'max by (queue) (load)', rate", false), ("other, rate", false),
  ])
  func `none of the companions stands in the place of another`(companions: String, isGood: Bool) throws {
    var file = try RuleFile.parse(
      Self.rules.replacing("\"trained:orders\"", with: "\"trained:orders\", companions: [\(companions)]"), path: "r.yml"
    )
    var model = Self.trained(end: 0)
    model.companions = ["rate", "max by (queue) (load)"]
    do {
      try file.attachTrainedModels { _ in model }
      #expect(isGood)
    } catch {
      #expect(!isGood && "\(error)".contains("in another order than the training: rate | max by (queue) (load); "))
    }
  }

  @Test func `a rule whose model is not loaded fails and says so`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules)
    try await play(fixture, 0...0)
    let status = try #require(fixture.manager.groups().first?.rules.first)
    #expect(status.lastError == "the model trained:orders is not loaded here")
  }

  @Test func `a model that is too old fails instead of guessing`() async throws {
    let fixture = RuleFixture()
    try load(fixture, Self.trained(end: -50_001 * 30))
    try await play(fixture, 0...0)
    let status = try #require(fixture.manager.groups().first?.rules.first)
    #expect(status.lastError?.contains("50001 steps ago, over the limit of 50000: train it anew") == true)
  }

  @Test func `a trained model stands alone`() {
    let text = Self.rules.replacing("\"trained:orders\"", with: "[theta, \"trained:orders\"]")
    #expect(throws: RuleFileErrors.self) { try RuleFile.parse(text, path: "r.yml") }
  }
}
