import Hummingbird
import PromQL
import Rules
import TimeSeries

/// What Harecast is doing, in Prometheus's shapes: rules, alerts, targets, build.
struct StatusAPI: Sendable {
  let context: HTTPServerContext

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/api/v1/rules") { request, _ in
      do {
        let filter = try RuleFilter(RequestParameters(request.uri.query ?? ""), engine: context.engine)
        let (groups, next) = try filter.apply(context.rules.groups())
        return Response.success { rules(groups, next, filter, &$0) }
      } catch let error as APIError {
        return error.response
      }
    }
    router.get("/api/v1/alerts") { _, _ in Response.success(alerts) }
    router.get("/api/v1/targets") { request, _ in
      let state = RequestParameters(request.uri.query ?? "")["state"]?.lowercased() ?? ""
      return Response.success { targets(state, &$0) }
    }
    router.get("/api/v1/alertmanagers") { _, _ in Response.success(alertmanagers) }
    router.get("/api/v1/status/config") { _, _ in Response.success { $0.pair("yaml", context.report.configuration()) } }
    router.get("/api/v1/status/flags") { _, _ in
      Response.success { json in
        for (name, value) in context.report.flags.sorted(by: { $0.key < $1.key }) { json.pair(name, value) }
      }
    }
    router.get("/api/v1/status/tsdb") { request, _ in
      let text = RequestParameters(request.uri.query ?? "")["limit"] ?? ""
      let limit = text.isEmpty ? 10 : Int(text) ?? 0
      if limit < 1 { return APIError(.badData, "limit must be a positive number").response }
      return Response.success { storeStatistics(limit, &$0) }
    }
    router.get("/api/v1/status/buildinfo") { _, _ in Response.success(buildInformation) }
    router.get("/api/v1/status/runtimeinfo") { _, _ in Response.success(runtimeInformation) }
  }

  private func rules(
    _ groups: [RuleGroupStatus], _ next: String?, _ filter: RuleFilter, _ json: inout JSONWriter
  ) {
    json.key("groups")
    json.beginArray()
    for group in groups {
      json.beginObject()
      json.pair("name", group.name)
      json.pair("file", group.file)
      json.key("rules")
      json.beginArray()
      for status in group.rules { write(status, withAlerts: !filter.excludesAlerts, to: &json) }
      json.endArray()
      json.key("interval")
      json.number(Double(group.interval) / 1000)
      json.key("limit")
      json.integer(group.limit)
      json.key("evaluationTime")
      json.number(group.evaluationSeconds)
      json.pair("lastEvaluation", Self.moment(group.lastEvaluation))
      json.endObject()
    }
    json.endArray()
    if let next { json.pair("groupNextToken", next) }
  }

  /// A point in time; none as Go writes it.
  private static func moment(_ time: Int64?) -> String { time.map(RFC3339.format) ?? "0001-01-01T00:00:00Z" }

  private func write(_ status: RuleStatus, withAlerts: Bool, to json: inout JSONWriter) {
    let rule = status.rule
    json.beginObject()
    if case .alerting(let block) = rule.kind {
      json.pair("state", status.alertState)
      json.pair("name", rule.name)
      json.pair("query", rule.expressionText)
      json.key("duration")
      json.number(Double(block.hold) / 1000)
      json.key("keepFiringFor")
      json.number(Double(block.keepFiringFor) / 1000)
      json.key("labels")
      json.pairs(rule.labels)
      json.key("annotations")
      json.pairs(block.annotations)
      json.key("alerts")
      if withAlerts {
        json.beginArray()
        for alert in status.alerts { write(alert, to: &json) }
        json.endArray()
      } else {
        json.null()
      }
    } else {
      json.pair("name", rule.name)
      json.pair("query", rule.expressionText)
      json.key("labels")
      json.pairs(rule.labels)
    }
    json.pair("health", status.health.rawValue)
    if let error = status.lastError { json.pair("lastError", error) }
    json.key("evaluationTime")
    json.number(status.evaluationSeconds)
    json.pair("lastEvaluation", Self.moment(status.lastEvaluation))
    json.pair("type", rule.isAlerting ? "alerting" : "recording")
    json.endObject()
  }

  private func alerts(_ json: inout JSONWriter) {
    json.key("alerts")
    json.beginArray()
    for alert in context.rules.activeAlerts() { write(alert, to: &json) }
    json.endArray()
  }

  private func write(_ alert: Alert, to json: inout JSONWriter) {
    json.beginObject()
    json.key("labels")
    json.labels(alert.labels)
    json.key("annotations")
    json.pairs(alert.annotations)
    json.pair("state", alert.state.rawValue)
    json.pair("activeAt", RFC3339.format(alert.activeAt))
    if let since = alert.keepFiringSince { json.pair("keepFiringSince", RFC3339.format(since)) }
    json.pair("value", PrometheusNumber.formatExponent(alert.value))
    json.endObject()
  }

  private func targets(_ state: String, _ json: inout JSONWriter) {
    json.key("activeTargets")
    json.beginArray()
    for target in state == "dropped" ? [] : context.targets() {
      json.beginObject()
      json.key("labels")
      json.labels(target.labels)
      json.pair("scrapePool", target.job)
      json.pair("scrapeUrl", target.url)
      json.pair("lastError", target.lastError)
      json.pair("lastScrape", Self.moment(target.lastScrape))
      json.key("lastScrapeDuration")
      json.number(target.lastScrapeSeconds)
      json.pair("health", target.isHealthy.map { $0 ? "up" : "down" } ?? "unknown")
      json.endObject()
    }
    json.endArray()
    json.key("droppedTargets")
    json.beginArray()
    let dropped = context.droppedTargets().sorted { $0.key < $1.key }
    for (job, targets) in state == "active" ? [] : dropped {
      for labels in targets {
        json.beginObject()
        json.key("discoveredLabels")
        json.labels(labels)
        json.pair("scrapePool", job)
        json.endObject()
      }
    }
    json.endArray()
    json.key("droppedTargetCounts")
    json.beginObject()
    for (job, targets) in dropped {
      json.key(job)
      json.integer(targets.count)
    }
    json.endObject()
  }

  private func alertmanagers(_ json: inout JSONWriter) {
    let known = context.report.alertmanagers()
    for (key, urls) in [("activeAlertmanagers", known.active), ("droppedAlertmanagers", known.dropped)] {
      json.key(key)
      json.beginArray()
      for url in urls {
        json.beginObject()
        json.pair("url", url)
        json.endObject()
      }
      json.endArray()
    }
  }

  private func storeStatistics(_ limit: Int, _ json: inout JSONWriter) {
    let all = context.store.series([], from: .min, through: .max)
    var byName: [String: Int] = [:]
    var byPair: [String: Int] = [:]
    var values: [String: Set<String>] = [:]
    for labels in all {
      byName[labels.metricName, default: 0] += 1
      for label in labels.elements {
        byPair["\(label.name)=\(label.value)", default: 0] += 1
        values[label.name, default: []].insert(label.value)
      }
    }
    json.key("headStats")
    json.beginObject()
    json.key("numSeries")
    json.integer(all.count)
    json.key("numLabelPairs")
    json.integer(byPair.count)
    json.endObject()
    let bytes = values.mapValues { $0.reduce(0) { $0 + $1.utf8.count } }
    for (key, counts) in [
      ("seriesCountByMetricName", byName), ("labelValueCountByLabelName", values.mapValues(\.count)),
      ("memoryInBytesByLabelName", bytes), ("seriesCountByLabelValuePair", byPair),
    ] {
      json.key(key)
      json.beginArray()
      for (name, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(limit) {
        json.beginObject()
        json.pair("name", name)
        json.key("value")
        json.integer(count)
        json.endObject()
      }
      json.endArray()
    }
  }

  private func buildInformation(_ json: inout JSONWriter) {
    json.pair("application", "harecast")
    json.pair("version", context.version)
    json.pair("revision", "")
    json.pair("branch", "")
    json.pair("goVersion", "")
  }

  private func runtimeInformation(_ json: inout JSONWriter) {
    let statistics = context.store.statistics
    json.key("timeSeriesCount")
    json.integer(statistics.series)
    json.key("sampleCount")
    json.integer(statistics.samples)
    if let start = context.report.startTime { json.pair("startTime", RFC3339.format(start)) }
    let reload = context.report.lastReload()
    json.key("reloadConfigSuccess")
    json.bool(reload.succeeded)
    json.pair("lastConfigTime", Self.moment(reload.time))
    json.key("corruptionCount")
    json.integer(0)
    json.pair("storageRetention", PrometheusDuration.format(context.store.configuration.retentionTime))
    json.pair("serverTime", RFC3339.format(context.time.now()))
  }
}

extension JSONWriter {
  /// Writes a key and its text.
  mutating func pair(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  /// Writes labels or annotations as an object, in their order.
  mutating func pairs(_ labels: [Label]) {
    beginObject()
    for label in labels { pair(label.name, label.value) }
    endObject()
  }
}
