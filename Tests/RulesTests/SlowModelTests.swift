import Exposition
import Forecasting
import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

/// Rules that name a model whose training takes too long for an evaluation.
struct SlowModelTests {
  private static let depth = Labels(name: "depth", ["queue": "q"])

  private static func rules(_ model: String) -> String {
    """
    groups:
    - name: g
      rules:
      - record: depth_forecast
        expr: depth
        forecast: {horizons: [5m], history: 1h, step: 30s, model: \(model)}
    """
  }

  private static func value(_ second: Int64) -> Double { 50 + Double(second) / 7 + Double(second * second % 97) }

  private func play(_ fixture: RuleFixture, _ seconds: ClosedRange<Int64>) async throws {
    try await fixture.play(Self.depth, from: seconds.lowerBound, through: seconds.upperBound, value: Self.value)
  }

  private func report(_ fixture: RuleFixture) throws -> ForecastReport {
    try #require(fixture.manager.groups().first?.rules.first?.forecasts.first)
  }

  /// A `prophet` fitted to the values of each half minute up to `end` seconds.
  private func prophet(through end: Int64) -> ProphetForecaster {
    var model = ProphetForecaster()
    model.fit(
      ForecastSeries(
        values: stride(from: Int64(0), through: end, by: 30).map(Self.value), step: 30_000, start: RuleFixture.start))
    return model
  }

  private func median(_ model: some ForecastModel) throws -> Double {
    try #require(try model.forecast(horizons: [10], quantiles: [0.5]).values.first)
  }

  @Test func `auto serves until the model is trained, then the model, with what came meanwhile`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules("prophet"))
    // Thirty values at the step are there at 870 seconds: training is asked for then.
    try await play(fixture, 0...960)
    let waiting = try report(fixture)
    #expect(waiting.model == "auto" && waiting.awaitedModels == ["prophet"] && waiting.isSettled)
    #expect(try fixture.query(#"depth_forecast{q="0.5"}"#).count == 1)
    #expect(fixture.metric("harecast_forecast_trainings_waiting", [:]) == 1)

    await fixture.manager.trainWaitingModels()
    try await play(fixture, 975...990)
    let served = try report(fixture)
    #expect(served.model == "prophet" && served.awaitedModels.isEmpty)
    #expect(fixture.metric("harecast_forecast_trainings_total", ["outcome": "trained"]) == 1)
    var expected = prophet(through: 870)
    for second in stride(from: Int64(900), through: 990, by: 30) { expected.observe(Self.value(second)) }
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == median(expected))
  }

  @Test func `it is trained anew in the background when it has learnt enough, and serves meanwhile`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules("prophet"))
    try await play(fixture, 0...870)
    await fixture.manager.trainWaitingModels()
    // Twelve values after its training a young prophet is due again: at 1230 seconds.
    try await play(fixture, 885...1260)
    #expect(fixture.metric("harecast_forecast_trainings_waiting", [:]) == 1)
    var expected = prophet(through: 870)
    for second in stride(from: Int64(900), through: 1260, by: 30) { expected.observe(Self.value(second)) }
    #expect(try report(fixture).model == "prophet" && report(fixture).awaitedModels.isEmpty)
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == median(expected))

    await fixture.manager.trainWaitingModels()
    try await play(fixture, 1275...1290)
    var again = prophet(through: 1230)
    for second in [Int64(1260), 1290] { again.observe(Self.value(second)) }
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == median(again))
  }

  @Test func `where nothing trains in the background, as in tests of rules, evaluations train`() async throws {
    var signal = ForecastSignal(horizonCount: 1, at: 0)
    for index in 0..<40 {
      signal.append(Self.value(Int64(index) * 30), at: Int64(index) * 30_000, historySteps: 120, farStep: nil)
    }
    var budget = WorkBudget(seconds: nil)
    _ = try signal.ready(["prophet"], step: 30_000, interval: 15_000, budget: &budget)
    #expect(signal.modelName == "prophet" && !signal.isStandIn)
  }

  @Test func `two models show what each of them says beside the answer that joins them`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules("two_model_auto"))
    try await play(fixture, 0...870)
    await fixture.manager.trainWaitingModels()
    try await play(fixture, 885...900)
    let report = try report(fixture)
    #expect(report.model == "two_model_auto")
    #expect(report.parts.map(\.model) == ["auto", "prophet"])
    // At the median, which no calibration moves, the joint answer lies between the two.
    let middle = try #require(report.quantiles.firstIndex(of: 0.5))
    let medians = report.parts.map { $0.values[middle] }.sorted()
    #expect(report.values[middle] >= medians[0] && report.values[middle] <= medians[1])
  }

  @Test func `a model is not trained before there is enough for it to have something of its own to say`() async throws {
    // Each evaluation is a point of the grid, so that forecasts begin with the first value.
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 30_000))
    try fixture.load(Self.rules("lstm"))
    try await fixture.play(Self.depth, from: 0, through: 178 * 30, every: 30, value: Self.value)
    #expect(try report(fixture).model == "auto" && report(fixture).awaitedModels == ["lstm"])
    #expect(fixture.metric("harecast_forecast_trainings_waiting", [:]) == nil)
    // The 180th value is three times what the network looks back on.
    try await fixture.play(Self.depth, from: 179 * 30, through: 179 * 30, every: 30, value: Self.value)
    #expect(fixture.metric("harecast_forecast_trainings_waiting", [:]) == 1)
  }

  @Test func `signals beside the one that is forecast reach the model, in training and after it`() async throws {
    let rates = Labels(name: "rate", ["queue": "q"])
    let memories = Labels(name: "memory")
    let fixture = RuleFixture(configuration: RuleManagerConfiguration(evaluationInterval: 30_000))
    try fixture.load(
      """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [5m], history: 2h, step: 30s, model: lstm, companions: [rate, "memory * 2"]}
      """)
    func rate(_ second: Int64) -> Double { Self.value(second + 90) / 9 }
    func memory(_ second: Int64) -> Double { 1000 - Double(second) / 60 }
    func play(_ steps: ClosedRange<Int64>) async throws {
      for second in steps.map({ $0 * 30 }) {
        try fixture.add(rates, rate(second), at: second)
        // There is no memory at first.
        if second >= 300 { try fixture.add(memories, memory(second), at: second) }
        try await fixture.play(Self.depth, from: second, through: second, every: 30, value: Self.value)
      }
    }
    try await play(0...179)
    await fixture.manager.trainWaitingModels()
    try await play(180...185)
    #expect(try report(fixture).model == "lstm")

    let learnt = (0..<180).map { Int64($0) * 30 }
    var expected = LSTMForecaster()
    expected.fit(
      ForecastSeries(
        values: learnt.map(Self.value), step: 30_000, start: RuleFixture.start,
        companions: [learnt.map(rate), learnt.map { $0 < 300 ? .nan : 2 * memory($0) }]))
    for second in (180...185).map({ Int64($0) * 30 }) {
      expected.observe(Self.value(second), companions: [rate(second), 2 * memory(second)])
    }
    #expect(try fixture.value(#"depth_forecast{q="0.5"}"#) == median(expected))
  }

  @Test(.enabled(if: TreeEnsemble.isAvailable))
  func `trees say what they look at`() async throws {
    let fixture = RuleFixture()
    try fixture.load(Self.rules("gradient_boosting"))
    try await play(fixture, 0...1800)
    await fixture.manager.trainWaitingModels()
    try await play(fixture, 1815...1830)
    let importances = try report(fixture).importances
    #expect(try report(fixture).model == "gradient_boosting")
    #expect(!importances.isEmpty && importances.count <= 10)
    #expect(importances.map(\.gain) == importances.map(\.gain).sorted(by: >))
  }

  @Test func `local time and special days reach the named models, and make another rule of theirs`() throws {
    let plain = try RuleFile.parse(
      Self.rules("prophet") + "\n  - {record: other, expr: depth, forecast: {horizons: [5m]}}", path: "r.yml")
    var file = plain
    let calendar = ForecastCalendar(offset: 3_600_000)
    file.attachCalendar(calendar, identity: "1")
    let blocks = file.groups[0].rules.compactMap { rule -> ForecastBlock? in
      if case .forecast(let block) = rule.kind { block } else { nil }
    }
    #expect(blocks.map(\.calendar) == [calendar, ForecastCalendar()])
    #expect(file.groups[0].rules[0].definition != plain.groups[0].rules[0].definition)
    #expect(file.groups[0].rules[1].definition == plain.groups[0].rules[1].definition)
    var none = plain
    none.attachCalendar(ForecastCalendar(), identity: "")
    #expect(none.groups[0].isSame(as: plain.groups[0]))
  }
}

@Suite("Training in the background of the rules")
struct ModelTrainerTests {
  private static let series = ForecastSeries(values: (0..<60).map { Double($0 % 12) }, step: 60_000)

  @Test func `works while it runs, and a model that cannot be had is a failure with a reason`() async throws {
    let trainer = ModelTrainer(share: 1, registry: MetricRegistry())
    let good = PendingTraining(["prophet"], on: Self.series)
    let bad = PendingTraining(["oracle"], on: Self.series)
    let run = Task { await trainer.run() }
    trainer.submit(good)
    trainer.submit(bad)
    try await eventually { good.result != nil && bad.result != nil }
    run.cancel()
    await run.value
    #expect(try good.result?.get().model.observationCount == 60)
    #expect(throws: ForecastError.self) { try bad.result?.get() }
  }

  @Test func `does not begin what nobody waits for any more`() async throws {
    let registry = MetricRegistry()
    let trainer = ModelTrainer(share: 1, registry: registry)
    var forgotten: PendingTraining? = PendingTraining(["prophet"], on: Self.series)
    trainer.submit(try #require(forgotten))
    forgotten = nil
    await trainer.drain()
    #expect(registry.collect().first { $0.name == "harecast_forecast_trainings_total" } == nil)
  }
}
