import Exposition
import PromQL
import SeriesStore
import Synchronization
import TimeSeries

/// Runs unit tests of rules, each on a store and a clock of its own.
///
/// Rules are evaluated at every interval from the start to the latest time that a test looks at; series reach the
/// store as time goes on, so that what lies behind the last evaluation does not exist. Predictions learn all that
/// there is before they answer, so that a test gives the same on every machine.
public struct UnitTestRunner: Sendable {
  /// What is run and shown.
  public struct Options: Sendable {
    /// How expressions are evaluated.
    public var query = QueryOptions()
    /// Only tests whose names match one of these are run; all if there are none.
    public var only: [RegularExpression] = []
    /// Whether alerts that differ are shown as one coloured document.
    public var showsDifferences = false
    /// Whether to trace the runs.
    public var isTracing = false

    public init() {}
  }

  private let options: Options

  public init(options: Options = Options()) { self.options = options }

  /// A pattern for the names of tests that shall run; it may match a part of a name.
  ///
  /// - Throws: ``RegularExpressionError``.
  public static func namePattern(_ text: String) throws -> RegularExpression {
    try RegularExpression(anchored: "(?s).*(?:" + text + ").*")
  }

  /// Runs the tests of `file`.
  ///
  /// - Parameter rules: the rule files that it names, or why they cannot be read.
  public func run(_ file: UnitTestFile, rules: Result<[RuleFile], RuleFileErrors>) async -> UnitTestReport {
    var report = UnitTestReport(path: file.path)
    for (index, test) in file.tests.enumerated() {
      if !options.only.isEmpty, !options.only.contains(where: { $0.matchesWhole(test.name) }) { continue }
      let name = test.name.isEmpty ? "unnamed#\(index)" : test.name
      let started = ContinuousClock.now
      if options.isTracing { report.trace.append("DEBUG: Starting test \(name)") }
      var failures: [String] = []
      do {
        var run = try UnitTestRun(test, of: file, rules: try rules.get(), options: options)
        failures = await run.run()
        if options.isTracing { report.trace += run.dump() }
      } catch let error as RuleFileErrors {
        failures = error.errors.map(\.description)
      } catch {
        failures = ["\(error)"]
      }
      if options.isTracing {
        report.trace.append("DEBUG: Test \(name) finished, took \(started.duration(to: .now))")
      }
      report.cases.append(UnitTestReport.Case(name: name, failures: failures))
    }
    return report
  }
}

/// A clock that a test sets; nobody sleeps by it.
private final class TestTime: TimeSource {
  private let time: Mutex<Int64>

  init(_ time: Int64) { self.time = Mutex(time) }

  func now() -> Int64 { time.withLock { $0 } }
  func set(_ now: Int64) { time.withLock { $0 = now } }
  func sleep(until deadline: Int64) async throws {}
}

/// One test under way.
private struct UnitTestRun {
  private let test: UnitTest
  private let file: UnitTestFile
  private let options: UnitTestRunner.Options
  private let engine: QueryEngine
  private let store: SeriesStore
  private let time: TestTime
  private let groups: [RuleGroupRunner]
  private var series: [InputSeries] = []
  private var failures: [String] = []

  init(_ test: UnitTest, of file: UnitTestFile, rules: [RuleFile], options: UnitTestRunner.Options) throws {
    self.test = test
    self.file = file
    self.options = options
    var query = options.query
    query.defaultSubqueryStep = file.evaluationInterval
    engine = QueryEngine(options: query)
    store = SeriesStore(
      configuration: SeriesStoreConfiguration(
        retentionTime: test.end + 100 * 365 * 86_400_000, retentionBytes: .max, maximumSeries: 5_000_000,
        futureTolerance: test.end + 86_400_000))
    time = TestTime(test.start)
    let context = RuleContext(
      store: store, engine: engine, registry: MetricRegistry(), time: time,
      configuration: RuleManagerConfiguration(
        evaluationInterval: file.evaluationInterval, externalLabels: test.externalLabels,
        externalURL: test.externalURL),
      keeper: nil, notify: nil, trainer: nil, learnsEverything: true, report: { _ in })
    var order: [String: Int] = [:]
    for (index, name) in file.groupOrder.enumerated() { order[name] = index }
    let ordered = rules.flatMap { rules in rules.groups.map { (rules.path, $0) } }.enumerated().sorted {
      (order[$0.element.1.name] ?? 0, $0.offset) < (order[$1.element.1.name] ?? 0, $1.offset)
    }
    groups = ordered.map { entry in
      var group = entry.element.1
      group.interval = file.evaluationInterval
      return RuleGroupRunner(group, file: entry.element.0, context: context)
    }
    var budget = InputSeries.maximumValues
    for input in test.inputSeries {
      series.append(
        try InputSeries(
          series: input.series, values: input.values, start: test.start, interval: test.interval, engine: engine,
          budget: &budget))
    }
    for alert in test.alertTests where alert.alertName.isEmpty {
      let place = test.name.isEmpty ? "" : " (in TestGroup \(test.name))"
      throw RuleFault(
        "an item under alert_rule_test misses required attribute alertname at eval_time "
          + PrometheusDuration.format(alert.time) + place)
    }
  }

  /// Runs the test; what does not hold.
  mutating func run() async -> [String] {
    let last = test.end
    var tick: Int64 = 0
    while tick <= last {
      let now = test.start + tick
      time.set(now)
      load(through: now)
      for group in groups { await group.evaluate(at: now) }
      let faults = groups.flatMap { $0.status.rules }.compactMap { rule in
        rule.lastError.map {
          "    rule: \(rule.rule.name), time: \(GoFormat.duration(tick * 1_000_000)), err: \($0)"
        }
      }
      failures += faults
      // A rule that fails makes everything after it worthless.
      if !faults.isEmpty { return failures }
      for alert in test.alertTests.sorted(by: { $0.time < $1.time })
      where alert.time >= tick && alert.time < tick + file.evaluationInterval {
        check(alert)
      }
      tick += file.evaluationInterval
    }
    for expression in test.expressionTests { check(expression) }
    return failures
  }

  private mutating func load(through now: Int64) {
    var batch = SampleBatch()
    for index in series.indices {
      guard series[index].given < series[index].samples.count,
        series[index].samples[series[index].given].timestamp <= now,
        let id = store.resolve(series[index].labels)
      else { continue }
      while series[index].given < series[index].samples.count {
        let sample = series[index].samples[series[index].given]
        if sample.timestamp > now { break }
        if let place = HistogramReference.index(sample.value) {
          batch.append(id, sample.timestamp, series[index].histograms[place])
        } else {
          batch.append(id, sample.timestamp, sample.value)
        }
        series[index].given += 1
      }
    }
    store.append(batch, now: now)
  }

  // MARK: Checks

  private mutating func check(_ expected: UnitTest.AlertTest) {
    let alerts = groups.flatMap { $0.status.rules }
      .filter { $0.rule.isAlerting && $0.rule.name == expected.alertName }.flatMap(\.alerts)
      .filter { $0.state == .firing }
    let got = alerts.map { AlertText(labels: $0.labels.elements, annotations: $0.annotations.sorted()) }.sorted(
      by: Self.precedes)
    let wanted = expected.expected.sorted(by: Self.precedes)
    if wanted == got { return }
    let name = test.name.isEmpty ? "" : "    name: \(test.name),\n"
    let head = "\(name)    alertname: \(expected.alertName), time: \(PrometheusDuration.format(expected.time)), \n"
    if options.showsDifferences {
      let text = UnitTestText.difference(expected: wanted, got: got)
      failures.append(head + "        diff: \(UnitTestText.indented(text, by: 12))")
    } else {
      failures.append(
        head + "        exp:\(UnitTestText.indented(UnitTestText.alerts(wanted), by: 12)), \n"
          + "        got:\(UnitTestText.indented(UnitTestText.alerts(got), by: 12))")
    }
  }

  private static func precedes(_ left: AlertText, _ right: AlertText) -> Bool {
    if left.labels != right.labels { return left.labels.lexicographicallyPrecedes(right.labels) }
    return left.annotations.lexicographicallyPrecedes(right.annotations)
  }

  private mutating func check(_ expected: UnitTest.ExpressionTest) {
    let head =
      "    expr: \(Labels.quoted(expected.expression)), time: \(PrometheusDuration.format(expected.time)),"
    let got: [UnitTestSample]
    do {
      got = try samples(of: expected.expression, at: test.start + expected.time)
    } catch {
      failures.append("\(head) err: \(error)")
      return
    }
    var wanted: [UnitTestSample] = []
    for sample in expected.expected {
      do {
        let labels = try InputSeries.labels(sample.labels, engine: engine)
        let histogram = sample.histogram.isEmpty ? nil : try HistogramNotation.parse(sample.histogram)
        wanted.append(UnitTestSample(labels: labels, value: sample.value, histogram: histogram))
      } catch {
        failures.append("\(head) err: labels \(Labels.quoted(sample.labels)): \(error)")
        return
      }
    }
    let (left, right) = (wanted.sorted { $0.labels < $1.labels }, got.sorted { $0.labels < $1.labels })
    let agree =
      left.count == right.count
      && zip(left, right).allSatisfy { $0.equals($1, fuzzily: file.comparesFuzzily) }
    if agree { return }
    failures.append(
      "\(head)\n        exp: \(UnitTestText.samples(left))\n        got: \(UnitTestText.samples(right))")
  }

  private func samples(of text: String, at time: Int64) throws -> [UnitTestSample] {
    switch try engine.instant(try engine.parse(text), at: time, source: store).value {
    case .scalar(let sample): return [UnitTestSample(labels: .empty, value: sample.value)]
    case .vector(let elements):
      return elements.map {
        UnitTestSample(labels: $0.labels, value: $0.value, histogram: $0.histogram)
      }
    case .string, .matrix: throw RuleFault("rule result is not a vector or scalar")
    }
  }

  // MARK: Trace

  /// All that is in the store, in lines.
  func dump() -> [String] {
    let end = test.start + test.end
    var lines = ["DEBUG: Dump of all data (input_series and rules) at \(RFC3339.format(end)):"]
    // The store of a unit test has no file whose reading could fail.
    let all = (try? store.select([], from: .min / 2, through: end)) ?? []
    for series in all.sorted(by: { $0.labels < $1.labels }) {
      lines.append("\(UnitTestText.labels(series.labels.elements)) =>")
      for (timestamp, value) in zip(series.timestamps, series.values) where !value.isStaleMarker {
        let text =
          HistogramReference.index(value).map { HistogramNotation.format(series.histograms[$0]) }
          ?? GoFormat.float(value)
        lines.append("\(text) @[\(timestamp)]")
      }
    }
    return lines
  }
}
