import TimeSeries

/// The results of an ``AnomalyHistory`` as one HTML page that needs nothing else: a table, then for each series its
/// values, the expected band and marks where somebody would have been told, with the words below. Where samples are missing, nothing is
/// drawn.
public enum AnomalyReport {
  private static let width = 1000
  private static let height = 180
  /// How many pictures one page has at most; the table has all series.
  private static let most = 200
  /// How many alerts of a series are put into words.
  private static let mostAlerts = 100
  /// Steps without a sample that are shown as a gap.
  private static let gap: Int64 = 3

  /// - Parameter title: what the page is called, for instance the expression.
  public static func html(_ results: [AnomalyHistory.Result], title: String) -> String {
    var page = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>\(ReportText.escaped(title))</title><style>
      body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
      table { border-collapse: collapse } td, th { padding: .2em .8em; text-align: left; border-bottom: 1px solid #ddd }
      td.n { text-align: right; font-variant-numeric: tabular-nums } svg { display: block; border: 1px solid #ddd }
      .band { fill: #cfe3f7 } .value { fill: none; stroke: #1f4e79 } .mark { stroke: #c62828; stroke-dasharray: 3 2 }
      .dot { fill: #c62828 } li { font-variant-numeric: tabular-nums } figure { margin: 2em 0 } figcaption { font-family: monospace; margin-bottom: .3em }
      @media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } .band { fill: #243b53 }
        .value { stroke: #8ab4f8 } td, th, svg { border-color: #444 } }
      </style></head><body><h1>\(ReportText.escaped(title))</h1>
      <p>The line is the signal, the shade the band within which the next value was expected, a red mark an alert. What leaves the
      band has not always alerted: an alert needs evidence that is rare enough for the budget of false alarms.</p>
      <table><tr><th>series</th><th>alerts</th><th>per day</th><th>highest score</th><th>samples</th><th>judged</th></tr>

      """
    for (index, result) in results.enumerated() {
      let name = ReportText.escaped("\(result.series.labels)")
      let link = index < most ? "<a href=\"#s\(index)\">\(name)</a>" : name
      page += "<tr><td>\(link)</td>"
      let numbers = [
        "\(result.alerts.count)", ReportText.decimals(result.alertsPerDay, 3),
        ReportText.decimals(result.scores.max() ?? 0, 2), "\(result.series.values.count)",
        "\(result.judged)",
      ]
      for number in numbers { page += "<td class=\"n\">\(number)</td>" }
      page += "</tr>\n"
    }
    page += "</table>\n"
    for (index, result) in results.prefix(most).enumerated() { page += figure(result, index) }
    if results.count > most { page += "<p>Pictures of the first \(most) series; the table has all.</p>\n" }
    return page + "</body></html>\n"
  }

  private static func figure(_ result: AnomalyHistory.Result, _ index: Int) -> String {
    var text = "<figure id=\"s\(index)\"><figcaption>\(ReportText.escaped("\(result.series.labels)"))</figcaption>"
    if let remark = result.remark { text += "<p>\(ReportText.escaped(remark))</p>" }
    let times = result.series.timestamps
    guard let first = times.first, let last = times.last, last > first else {
      return text + "<p>Too few samples for a picture.</p></figure>\n"
    }
    let finite = result.series.values.filter(\.isFinite)
    let low = finite.min() ?? 0
    let high = finite.max() ?? 1
    let margin = max((high - low) * 0.08, high == low ? max(high.magnitude * 0.1, 0.5) : 0)
    func x(_ time: Int64) -> Double { Double(time - first) / Double(last - first) * Double(width) }
    func y(_ value: Double) -> Double {
      let share = (min(max(value, low - margin), high + margin) - (low - margin)) / (high - low + 2 * margin)
      return Double(height) * (1 - share)
    }
    text += "<svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\">"
    // Of each column of pixels the least and the greatest value are drawn: no peak is lost, no page is too large.
    let stretches = Columns(result, x: x, width: width).stretches
    for columns in stretches { text += band(columns, y) }
    for columns in stretches { text += line(columns, y) }
    for alert in result.alerts {
      let place = ReportText.decimals(x(alert.timestamp), 1)
      text +=
        "<g><title>\(words(alert))</title><line class=\"mark\" x1=\"\(place)\" x2=\"\(place)\" y1=\"0\" "
        + "y2=\"\(height)\"/><circle class=\"dot\" cx=\"\(place)\" "
        + "cy=\"\(ReportText.decimals(y(alert.value), 1))\" r=\"4\"/></g>"
    }
    text += "</svg><small>\(RFC3339.format(first)) to \(RFC3339.format(last)), \(low) to \(high)</small>"
    if !result.alerts.isEmpty {
      text += "<ul>" + result.alerts.prefix(mostAlerts).map { "<li>\(words($0))</li>" }.joined() + "</ul>"
    }
    if result.alerts.count > mostAlerts { text += "<p>and \(result.alerts.count - mostAlerts) more</p>" }
    return text + "</figure>\n"
  }

  private static func words(_ alert: AnomalyHistory.Alert) -> String {
    let side = alert.direction.map { ", \($0.rawValue) the band" } ?? ""
    let reason = alert.reason.map { " (\($0.rawValue))" } ?? ""
    return ReportText.escaped(
      "\(RFC3339.format(alert.timestamp)) \(alert.level.rawValue), score \(ReportText.decimals(alert.score, 2)), "
        + "value \(alert.value)\(side)\(reason)")
  }

  private static func band(_ columns: [Columns.Column], _ y: (Double) -> Double) -> String {
    var upper = ""
    var lower: [String] = []
    for column in columns where !column.bandLow.isNaN && !column.bandHigh.isNaN {
      upper += "\(column.x),\(ReportText.decimals(y(column.bandHigh), 1)) "
      lower.append("\(column.x),\(ReportText.decimals(y(column.bandLow), 1)) ")
    }
    return upper.isEmpty ? "" : "<polygon class=\"band\" points=\"\(upper)\(lower.reversed().joined())\"/>"
  }

  private static func line(_ columns: [Columns.Column], _ y: (Double) -> Double) -> String {
    var points = ""
    for column in columns {
      points += "\(column.x),\(ReportText.decimals(y(column.least), 1)) "
      if column.greatest > column.least { points += "\(column.x),\(ReportText.decimals(y(column.greatest), 1)) " }
    }
    return "<polyline class=\"value\" points=\"\(points)\"/>"
  }

  /// A series cut into columns of pixels.
  private struct Columns {
    struct Column {
      var x: Int
      var least: Double
      var greatest: Double
      var bandLow: Double
      var bandHigh: Double
    }

    /// What hangs together without a gap.
    var stretches: [[Column]] = []

    init(_ result: AnomalyHistory.Result, x: (Int64) -> Double, width: Int) {
      var all: [Column] = []
      var before: Int64?
      for (index, time) in result.series.timestamps.enumerated() where result.series.values[index].isFinite {
        if let before, time - before > AnomalyReport.gap * result.step, !all.isEmpty {
          stretches.append(all)
          all = []
        }
        before = time
        let place = min(Int(x(time)), width)
        let value = result.series.values[index]
        if all.last?.x != place {
          all.append(Column(x: place, least: value, greatest: value, bandLow: .nan, bandHigh: .nan))
        }
        let end = all.count - 1
        all[end].least = min(all[end].least, value)
        all[end].greatest = max(all[end].greatest, value)
        if all[end].bandLow.isNaN || result.low[index] > all[end].bandLow { all[end].bandLow = result.low[index] }
        if all[end].bandHigh.isNaN || result.high[index] < all[end].bandHigh { all[end].bandHigh = result.high[index] }
      }
      if !all.isEmpty { stretches.append(all) }
    }
  }
}
