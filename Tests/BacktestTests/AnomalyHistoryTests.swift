import AnomalyDetection
import Testing
import TimeSeries

@testable import Backtest

@Suite("Anomaly scores of one's own history")
struct AnomalyHistoryTests {
  private static let start: Int64 = 1_704_067_200_000
  private static let minute: Int64 = 60_000
  private static let jump = 3000

  /// Uneven values with a jump, a minute apart from 2024 on.
  private static let series: RecordedSeries = {
    var series = RecordedSeries(
      labels: Labels(name: "depth", ["queue": "<b>&\"q\""]), timestamps: [], values: [])
    for index in 0..<4000 {
      // No value follows from the last: quadratic residues.
      let residue = Double(index * index % 97)
      series.timestamps.append(start + Int64(index) * minute)
      series.values.append(index == jump ? 180 + residue / 20 : 100 + residue / 20)
    }
    return series
  }()

  @Test func `the jump is in the table, with time, direction and value`() throws {
    let result = AnomalyHistory(step: 60_000).run(Self.series)
    #expect(result.scores.count == 4000 && result.low.count == 4000)
    let time = Self.start + Int64(Self.jump) * Self.minute
    let alert = try #require(result.alerts.first { $0.timestamp == time })
    #expect(alert.direction == .above && alert.score >= 1 && alert.value > 180)
    // 3999 minutes.
    #expect(abs(result.days - 2.7770833) < 1e-6)
    let table = AnomalyHistory.table([result])
    #expect(table.contains("2024-01-03T02:00:00"))
    #expect(table.contains("above the band"))
  }

  @Test func `a page draws band, values and marks, and lets no label become markup`() {
    let page = AnomalyReport.html([AnomalyHistory(step: 60_000).run(Self.series)], title: "depth > 1 & <x>")
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    #expect(page.contains("class=\"band\"") && page.contains("class=\"value\"") && page.contains("class=\"mark\""))
    #expect(page.contains("depth &gt; 1 &amp; &lt;x&gt;") && !page.contains("<b>"))
    #expect(!page.contains("nan") && !page.contains("inf\"") && !page.contains("http"))
  }

  @Test func `a page draws nothing where samples are missing, and puts each alert into words`() {
    var holed = Self.series
    for range in [3500..<3600, 1000..<1200] {
      holed.timestamps.removeSubrange(range)
      holed.values.removeSubrange(range)
    }
    let page = AnomalyReport.html([AnomalyHistory(step: 60_000).run(holed)], title: "depth")
    #expect(page.split(separator: "<polyline class=\"value\"").count == 4)
    #expect(page.contains("<li>2024-01-03T02:00:00") && page.contains("above the band"))
  }

  @Test func `a signal that moves is judged by those who look for standstill and silence`() {
    let result = AnomalyHistory(step: 60_000, detectors: ["flatline", "staleness"]).run(Self.series)
    #expect(result.judged == 4000 && result.remark == nil && result.alerts.isEmpty)
  }

  @Test func `a series without a sample, or with one, does no harm`() {
    let history = AnomalyHistory(step: 60_000)
    let empty = history.run(RecordedSeries(labels: .empty, timestamps: [], values: []))
    let single = history.run(RecordedSeries(labels: .empty, timestamps: [5], values: [.nan]))
    #expect(empty.alertsPerDay == 0 && single.alertsPerDay == 0)
    #expect(AnomalyReport.html([empty, single], title: "").contains("Too few samples"))
    #expect(empty.remark == "there is no sample" && single.remark == "none of its samples is a number")
  }

  @Test(arguments: [["auto"], ["z_score"]])
  func `a series that is too short to be judged says so, and why`(detectors: [String]) throws {
    var short = Self.series
    short.timestamps.removeLast(4000 - 9)
    short.values.removeLast(4000 - 9)
    let history = AnomalyHistory(step: 60_000, detectors: detectors)
    let remark = try #require(history.run(short).remark)
    #expect(remark.hasPrefix("none of its 9 samples was judged: all were needed to learn what is usual"))
    let long = history.run(Self.series)
    #expect(long.remark == nil && long.judged > 3800 && long.judged < 4000)
    #expect(AnomalyHistory.table([long]).contains("\(long.judged)  depth"))
  }

  @Test(arguments: [(1.0 / 3, 3, "0.333"), (-0.5, 1, "-0.5"), (2, 0, "2"), (0.0009, 3, "0.001"), (1.999, 2, "2.00")])
  func `decimals are rounded as by hand`(value: Double, count: Int, text: String) {
    #expect(ReportText.decimals(value, count) == text)
  }

  @Test func `named detectors score a dataset too`() throws {
    var text = "timestamp_ms,value\n"
    for (time, value) in zip(Self.series.timestamps, Self.series.values) { text += "\(time),\(value)\n" }
    let table = try TimestampedTable(bytes: Array(text.utf8), path: "x.csv")
    let rows = AnomalyBacktest(detectors: ["z_score"]).rows(of: table)
    #expect(rows.count == 4000 && rows[3000].score > 3 && rows[3000].alert)
  }
}
