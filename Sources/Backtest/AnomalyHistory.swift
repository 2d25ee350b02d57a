import AnomalyDetection
import TimeSeries

/// What the scorer would have said about the user's own history: one result a series, with what a report draws.
public struct AnomalyHistory: Sendable {
  /// One moment at which somebody would have been told.
  public struct Alert: Sendable, Equatable {
    public var timestamp: Int64
    public var value: Double
    public var score: Double
    public var severity: Double
    public var level: AnomalySeverity.Level
    public var reason: AnomalyVerdict.Reason?
    public var direction: AnomalyVerdict.Side?
  }

  /// What was found in one series.
  public struct Result: Sendable {
    public var series: RecordedSeries
    /// Milliseconds between two samples.
    public var step: Int64
    public var scores: [Double]
    /// The bounds of the expected band; NaN or infinite where there is none.
    public var low: [Double]
    public var high: [Double]
    public var alerts: [Alert]
    /// Days from the first sample to the last.
    public var days: Double
    /// How many samples were judged by who knew enough to hold the budget; those before taught what is usual.
    public var judged = 0
    /// Why no sample was judged, as words; nil if some were.
    public var remark: String? {
      WarmUp.remark(samples: series.values.count, finite: series.values.count(where: \.isFinite), judged: judged)
    }
    public var alertsPerDay: Double { days > 0 ? Double(alerts.count) / days : 0 }
  }

  public var falseAlarmsPerDay: Double
  public var detectors: [String]
  /// Milliseconds between two samples.
  public var step: Int64

  public init(
    step: Int64, falseAlarmsPerDay: Double = AnomalyOptions.defaultFalseAlarmsPerDay,
    detectors: [String] = [SignalWatch.auto]
  ) {
    self.step = max(step, 1)
    self.falseAlarmsPerDay = falseAlarmsPerDay
    self.detectors = detectors
  }

  /// Scores a series sample by sample, each with only what came before it.
  public func run(_ series: RecordedSeries) -> Result {
    var watch = SignalWatch(
      detectors: detectors, options: AnomalyOptions(step: step, falseAlarmsPerDay: falseAlarmsPerDay))
    var result = Result(series: series, step: step, scores: [], low: [], high: [], alerts: [], days: 0)
    if let first = series.timestamps.first, let last = series.timestamps.last {
      result.days = Double(last - first) / 86_400_000
    }
    for (timestamp, value) in zip(series.timestamps, series.values) {
      let judgement = watch.score(value, at: timestamp)
      let verdict = judgement.verdict
      if judgement.isJudged { result.judged += 1 }
      result.scores.append(verdict.score)
      result.low.append(verdict.expectedLow)
      result.high.append(verdict.expectedHigh)
      if verdict.alert {
        result.alerts.append(
          Alert(
            timestamp: timestamp, value: value, score: verdict.score, severity: judgement.severity.score,
            level: judgement.severity.level, reason: verdict.reason, direction: verdict.direction))
      }
    }
    return result
  }

  /// One line for each series: how many alerts, how often, the highest score, then its alerts.
  public static func table(_ results: [Result]) -> String {
    var lines = ["alerts  per day  highest  samples  judged  series"]
    for result in results {
      let highest = result.scores.max() ?? 0
      lines.append(
        ReportText.pad("\(result.alerts.count)", 6) + ReportText.pad(ReportText.decimals(result.alertsPerDay, 3), 9)
          + ReportText.pad(ReportText.decimals(highest, 2), 9)
          + ReportText.pad("\(result.series.values.count)", 9) + ReportText.pad("\(result.judged)", 8)
          + "  \(result.series.labels)")
      for alert in result.alerts {
        lines.append(
          "        \(RFC3339.format(alert.timestamp)) \(alert.level.rawValue) score \(ReportText.decimals(alert.score, 2)) "
            + "value \(alert.value)"
            + (alert.direction.map { " \($0.rawValue) the band" } ?? "")
            + (alert.reason.map { " (\($0.rawValue))" } ?? ""))
      }
    }
    return lines.joined(separator: "\n")
  }
}
