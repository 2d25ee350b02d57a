import Forecasting
import TimeSeries

/// The results of a ``ForecastHistory`` as one HTML page that needs nothing else: the tables, then for each series the
/// forecasts with their bands and what came true.
public enum ForecastReport {
  /// How many series one page draws at most; the tables have all.
  private static let mostSeries = 60

  /// - Parameter title: what the page is called, for instance the expression.
  public static func html(_ results: [ForecastHistory.Result], history: ForecastHistory, title: String) -> String {
    var page = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(ReportText.escaped(title))</title><style>
      :root { color-scheme: light dark; --text: #222; --paper: #fff; --line: #ddd; --truth: #111; --median: #1565c0;
        --wide: #d6e6f8; --narrow: #a9cbee }
      @media (prefers-color-scheme: dark) { :root { --text: #ddd; --paper: #1b1b1b; --line: #444; --truth: #eee;
        --median: #8ab4f8; --wide: #22344a; --narrow: #2f5078 } }
      body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1em; max-width: 70em; color: var(--text);
        background: var(--paper) }
      h1, h2, h3, summary { overflow-wrap: anywhere } h3, summary { font-size: 1em }
      .wide { overflow-x: auto } table { border-collapse: collapse }
      td, th { padding: .2em .7em; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
      td { font-variant-numeric: tabular-nums } td:first-child, th:first-child { text-align: left }
      svg { display: block; width: 100%; height: auto; border: 1px solid var(--line) } details { margin: .5em 0 }
      .b95 { fill: var(--wide) } .b80 { fill: var(--narrow) }
      h1 { font-size: 1.4em } polyline, line { vector-effect: non-scaling-stroke }
      .median { fill: none; stroke: var(--median); stroke-width: 2 } .truth { fill: none; stroke: var(--truth) }
      .origin { stroke: var(--median); stroke-dasharray: 3 3 }
      </style></head><body><h1>\(ReportText.escaped(title))</h1>
      <p>Each model was fitted anew at each origin to what came before. Error (of the median) and loss (of all quantiles)
      are relative to \(ForecastHistory.baseline): below 1 is better than looking at the same time of the period before.
      The width of the interval is in units of that method's mean error. Times are CPU times.</p>

      """
    let step = results.first?.series.step ?? 0
    for (index, horizon) in history.horizons.enumerated() {
      page += "<h2>Up to \(PrometheusDuration.format(Int64(horizon) * step)) ahead</h2>\n"
      page += summaryTable(ForecastSummary.all(results, horizonAt: index))
    }
    for result in results.prefix(mostSeries) { page += section(result, history) }
    if results.count > mostSeries {
      page += "<p>Pictures of the first \(mostSeries) series; the tables have all.</p>\n"
    }
    return page + "</body></html>\n"
  }

  private static func summaryTable(_ summaries: [ForecastSummary]) -> String {
    var text = "<div class=\"wide\"><table><tr><th>model</th><th>series</th>"
    for head in ForecastSummary.heads { text += "<th>\(head)</th>" }
    text += "</tr>\n"
    for summary in summaries {
      text += "<tr><td>\(ReportText.escaped(summary.model))</td><td>\(summary.seriesCount)</td>"
      for cell in summary.cells { text += "<td>\(cell)</td>" }
      if let failure = summary.failure { text += "<td>\(ReportText.escaped(failure))</td>" }
      text += "</tr>\n"
    }
    return text + "</table></div>\n"
  }

  private static func section(_ result: ForecastHistory.Result, _ history: ForecastHistory) -> String {
    var text = "<h3>\(ReportText.escaped("\(result.labels)"))</h3>\n"
    let last = history.horizons.count - 1
    let scale = last >= 0 ? result.scale(horizonAt: last) : nil
    var isFirst = true
    for outcome in result.outcomes {
      let name = ReportText.escaped(outcome.model)
      if let failure = outcome.failure {
        text += "<p>\(name): \(ReportText.escaped(failure))</p>\n"
        continue
      }
      var caption = name
      if let scale, let error = outcome.tallies[last].meanAbsoluteError {
        caption += ", error \(ReportText.decimals(error / scale, 3))"
      }
      if let coverage = outcome.tallies[last].coverage95 {
        caption += ", 95% covers \(ReportText.decimals(coverage * 100, 1))%"
      }
      text += "<details\(isFirst ? " open" : "")><summary>\(caption)</summary>"
      text += ForecastDrawing(series: result.series, curves: outcome.curves).svg(label: outcome.model) + "</details>\n"
      isFirst = false
    }
    return text
  }
}
