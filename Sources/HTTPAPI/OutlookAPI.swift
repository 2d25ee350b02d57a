import Forecasting
import Hummingbird
import Outlook
import PromQL
import TimeSeries

/// Demand and resources to come, and what the calendar says.
///
///     GET /api/v1/forecast/demand?signal=…&curve=1
///     GET /api/v1/forecast/resources?signal=…&curve=1
///     GET /api/v1/calendar
struct OutlookAPI: Sendable {
  let watch: OutlookWatch

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/api/v1/forecast/demand") { request, _ in
      let now = watch.snapshot
      return list(
        now.demand, now.waitingDemand, isEnabled: now.isDemandEnabled, now.faults,
        RequestParameters(request.uri.query ?? ""))
    }
    router.get("/api/v1/forecast/resources") { request, _ in
      let now = watch.snapshot
      return list(
        now.resources, now.waitingResources, isEnabled: now.areResourcesEnabled, now.faults,
        RequestParameters(request.uri.query ?? ""))
    }
    router.get("/api/v1/calendar") { _, _ in Response.success(calendar) }
  }

  private func list(
    _ outlooks: [Outlook], _ waiting: [OutlookWait], isEnabled: Bool, _ faults: [String: String],
    _ parameters: RequestParameters
  ) -> Response {
    let signals = Set(parameters.all("signal"))
    let withCurve = ["1", "true"].contains(parameters["curve"] ?? "")
    return .success { json in
      json.key("forecasts")
      json.beginArray()
      for outlook in outlooks where signals.isEmpty || signals.contains(outlook.signal) {
        write(outlook, withCurve, to: &json)
      }
      json.endArray()
      json.key("enabled")
      json.bool(isEnabled)
      json.key("waiting")
      json.beginArray()
      for wait in waiting where signals.isEmpty || signals.contains(wait.signal) { write(wait, to: &json) }
      json.endArray()
      json.key("faults")
      json.beginObject()
      for (signal, fault) in faults.sorted(by: { $0.key < $1.key }) { json.pair(signal, fault) }
      json.endObject()
    }
  }

  /// What is needed before there is a forecast.
  private func write(_ wait: OutlookWait, to json: inout JSONWriter) {
    json.beginObject()
    json.pair("signal", wait.signal)
    if let labels = wait.labels {
      json.key("labels")
      json.labels(labels)
    }
    json.pair("reason", wait.reason)
    json.key("values")
    json.integer(wait.known)
    json.key("needed")
    json.integer(wait.needed)
    json.key("step")
    json.number(Double(wait.step) / 1000)
    if let since = wait.since {
      json.key("since")
      json.seconds(since)
    }
    if let expected = wait.expected {
      json.key("expected")
      json.seconds(expected)
    }
    json.endObject()
  }

  private func write(_ outlook: Outlook, _ withCurve: Bool, to json: inout JSONWriter) {
    let distribution = outlook.distribution
    json.beginObject()
    json.pair("signal", outlook.signal)
    json.key("labels")
    json.labels(outlook.labels)
    json.key("origin")
    json.seconds(distribution.origin)
    json.key("horizons")
    json.beginArray()
    for ((text, index), record) in zip(outlook.horizons, outlook.records) {
      json.beginObject()
      json.pair("horizon", text)
      point(distribution, index, to: &json)
      if let record {
        json.key("record")
        json.beginObject()
        json.key("truths")
        json.integer(record.count)
        json.key("meanAbsoluteError")
        json.number(record.meanAbsoluteError)
        optional("rSquared", record.rSquared, to: &json)
        optional("skill", record.skill, to: &json)
        json.endObject()
      }
      json.endObject()
    }
    json.endArray()
    if let peak = outlook.peak {
      json.key("peak")
      json.beginObject()
      point(distribution, peak, to: &json)
      json.endObject()
    }
    if let patterns = outlook.patterns, !patterns.patterns.isEmpty { write(patterns, outlook.today, to: &json) }
    if !outlook.importances.isEmpty {
      json.key("featureImportance")
      json.beginObject()
      for (name, share) in outlook.importances {
        json.key(name)
        json.number((share * 10_000).rounded() / 10_000)
      }
      json.endObject()
      json.key("trainings")
      json.beginObject()
      for (reason, count) in outlook.trainings.sorted(by: { $0.key < $1.key }) {
        json.key(reason)
        json.integer(count)
      }
      json.endObject()
    }
    if withCurve {
      json.key("curve")
      json.beginArray()
      for index in distribution.horizons.indices {
        json.beginObject()
        point(distribution, index, to: &json)
        json.endObject()
      }
      json.endArray()
    }
    json.endObject()
  }

  /// The kinds of days: how often each came, on which days of the week, and its course.
  private func write(_ patterns: DemandPatterns, _ today: DemandPatterns.Likeness?, to json: inout JSONWriter) {
    json.key("patterns")
    json.beginArray()
    for (index, pattern) in patterns.patterns.enumerated() {
      json.beginObject()
      json.key("pattern")
      json.integer(index + 1)
      json.key("days")
      json.integer(pattern.days.count)
      json.key("weekdays")
      json.beginObject()
      for (name, count) in zip(Self.weekdays, pattern.weekdays) where count > 0 {
        json.key(name)
        json.integer(count)
      }
      json.endObject()
      json.key("profile")
      json.beginArray()
      for value in pattern.profile { json.number(value) }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    guard let today else { return }
    json.key("today")
    json.beginObject()
    json.key("pattern")
    json.integer(today.pattern + 1)
    json.key("distance")
    json.number(today.distance)
    json.key("remainder")
    json.beginArray()
    for value in today.remainder { json.number(value) }
    json.endArray()
    json.endObject()
  }

  private static let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

  private func point(_ distribution: ForecastDistribution, _ index: Int, to json: inout JSONWriter) {
    json.key("time")
    json.seconds(distribution.time(horizonAt: index))
    json.key("quantiles")
    json.beginObject()
    for (column, level) in distribution.quantiles.enumerated() {
      json.key(PrometheusNumber.format(level))
      json.number(distribution.value(horizonAt: index, quantileAt: column))
    }
    json.endObject()
  }

  private func optional(_ name: String, _ value: Double?, to json: inout JSONWriter) {
    json.key(name)
    if let value { json.number(value) } else { json.null() }
  }

  // MARK: Calendar

  private func calendar(_ json: inout JSONWriter) {
    guard let calendar = watch.snapshot.calendar else { return }
    json.pair("timeZone", calendar.zone)
    if let country = calendar.country { json.pair("country", country) }
    if let isCovered = calendar.isCovered {
      json.key("yearCovered")
      json.bool(isCovered)
    }
    json.pair("source", PublicHolidays.source)
    json.key("businessHour")
    json.bool(calendar.isBusinessHour)
    json.key("peakHour")
    json.bool(calendar.isPeakHour)
    if let holiday = calendar.holiday { json.pair("holiday", holiday) }
    json.key("events")
    json.strings(calendar.events)
    json.key("nextHolidays")
    json.beginArray()
    for (day, name) in calendar.nextHolidays {
      json.beginObject()
      json.pair("date", String(RFC3339.format(Int64(day) * 86_400_000).prefix(10)))
      json.pair("name", name)
      json.endObject()
    }
    json.endArray()
    json.key("nextEvents")
    json.beginArray()
    for event in calendar.nextEvents {
      json.beginObject()
      json.pair("name", event.name)
      json.pair("start", RFC3339.format(event.start))
      json.pair("end", RFC3339.format(event.end))
      json.endObject()
    }
    json.endArray()
  }
}
