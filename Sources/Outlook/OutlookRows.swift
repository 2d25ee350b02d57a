import PromQL
import Forecasting
import TimeSeries

/// What is known of the time to come, as rows of series.
enum OutlookRows {
  typealias Row = (labels: Labels, value: Double)

  private static func labels(_ name: String, _ outlook: Outlook, _ kind: String, _ more: [Label] = []) -> Labels {
    Labels(outlook.labels.elements + [Label(kind, outlook.signal)] + more).setting(Labels.metricNameLabel, to: name)
  }

  static func demand(_ outlook: Outlook) -> [Row] {
    var rows = forecasts(outlook, OutlookSeries.demand, "signal")
    rows += records(
      outlook, "signal", OutlookSeries.demandError, OutlookSeries.demandFit, OutlookSeries.demandSkill)
    for (index, pattern) in (outlook.patterns?.patterns ?? []).enumerated() {
      let own = [Label("pattern", "\(index + 1)")]
      rows.append((labels(OutlookSeries.patternDays, outlook, "signal", own), Double(pattern.days.count)))
      guard let today = outlook.today else { continue }
      rows.append((labels(OutlookSeries.patternToday, outlook, "signal", own), today.pattern == index ? 1 : 0))
    }
    guard let peak = outlook.peak else { return rows }
    rows.append(
      (labels(OutlookSeries.peakTime, outlook, "signal"), Double(outlook.distribution.time(horizonAt: peak)) / 1000))
    for (column, level) in outlook.distribution.quantiles.enumerated() {
      rows.append(
        (
          labels(OutlookSeries.peak, outlook, "signal", [Label("q", PrometheusNumber.format(level))]),
          outlook.distribution.value(horizonAt: peak, quantileAt: column)
        ))
    }
    return rows
  }

  static func resource(_ outlook: Outlook) -> [Row] {
    var rows = forecasts(outlook, OutlookSeries.resource, "resource")
    rows += records(
      outlook, "resource", OutlookSeries.resourceError, OutlookSeries.resourceFit, OutlookSeries.resourceSkill)
    for (name, share) in outlook.importances {
      rows.append((labels(OutlookSeries.importance, outlook, "resource", [Label("feature", name)]), share))
    }
    return rows
  }

  private static func forecasts(_ outlook: Outlook, _ name: String, _ kind: String) -> [Row] {
    var rows: [Row] = []
    for (text, index) in outlook.horizons {
      for (column, level) in outlook.distribution.quantiles.enumerated() {
        let own = [Label("horizon", text), Label("q", PrometheusNumber.format(level))]
        rows.append(
          (labels(name, outlook, kind, own), outlook.distribution.value(horizonAt: index, quantileAt: column)))
      }
    }
    return rows
  }

  private static func records(
    _ outlook: Outlook, _ kind: String, _ error: String, _ fit: String, _ skill: String
  ) -> [Row] {
    var rows: [Row] = []
    for ((text, _), record) in zip(outlook.horizons, outlook.records) {
      guard let record else { continue }
      let own = [Label("horizon", text)]
      rows.append((labels(error, outlook, kind, own), record.meanAbsoluteError))
      if let value = record.rSquared { rows.append((labels(fit, outlook, kind, own), value)) }
      if let value = record.skill { rows.append((labels(skill, outlook, kind, own), value)) }
    }
    return rows
  }

  /// The curves of an outlook, one for each quantile.
  static func curves(_ outlook: Outlook, _ name: String) -> [(labels: Labels, samples: [Sample])] {
    let distribution = outlook.distribution
    let kind = name == OutlookSeries.demandCurve ? "signal" : "resource"
    return distribution.quantiles.enumerated().map { column, level in
      (
        labels(name, outlook, kind, [Label("q", PrometheusNumber.format(level))]),
        distribution.horizons.indices.map {
          Sample(distribution.time(horizonAt: $0), distribution.value(horizonAt: $0, quantileAt: column))
        }
      )
    }
  }

  static func rows(_ calendar: CalendarOutlook) -> [Row] {
    func own(_ name: String, _ more: [Label] = []) -> Labels {
      Labels([Label(Labels.metricNameLabel, name)] + more)
    }
    var rows: [Row] = [
      (own(OutlookSeries.businessHour), calendar.isBusinessHour ? 1 : 0),
      (own(OutlookSeries.peakHour), calendar.isPeakHour ? 1 : 0),
    ]
    if let holiday = calendar.holiday, let country = calendar.country {
      rows.append((own(OutlookSeries.holiday, [Label("country", country), Label("name", holiday)]), 1))
    }
    for event in Set(calendar.events).sorted() { rows.append((own(OutlookSeries.event, [Label("name", event)]), 1)) }
    if let isCovered = calendar.isCovered, let country = calendar.country {
      rows.append((own(OutlookSeries.covered, [Label("country", country)]), isCovered ? 1 : 0))
    }
    return rows
  }
}
