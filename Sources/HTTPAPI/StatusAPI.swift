import Hummingbird
import PromQL
import Rules
import TimeSeries

/// What Harecast is doing, in Prometheus's shapes: rules, alerts, targets, build.
struct StatusAPI: Sendable {
  let context: HTTPServerContext

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/api/v1/rules") { request, _ in
      let parameters = RequestParameters(request.uri.query ?? "")
      if let type = parameters["type"], !["", "alert", "record"].contains(type) {
        return APIError(.badData, "invalid parameter \"type\": not supported value \"\(type.prefix(80))\"").response
      }
      return answer { rules(parameters, &$0) }
    }
    router.get("/api/v1/alerts") { _, _ in answer(alerts) }
    router.get("/api/v1/targets") { _, _ in answer(targets) }
    router.get("/api/v1/status/buildinfo") { _, _ in answer(buildInformation) }
    router.get("/api/v1/status/runtimeinfo") { _, _ in answer(runtimeInformation) }
  }

  private func answer(_ write: (inout JSONWriter) -> Void) -> Response {
    var json = JSONWriter()
    json.beginObject()
    json.key("status")
    json.string("success")
    json.key("data")
    json.beginObject()
    write(&json)
    json.endObject()
    json.endObject()
    return .json(json.bytes)
  }

  private func rules(_ parameters: RequestParameters, _ json: inout JSONWriter) {
    let wantedType = parameters["type"]
    json.key("groups")
    json.beginArray()
    for group in context.rules.groups() {
      json.beginObject()
      json.pair("name", group.name)
      json.pair("file", group.file)
      json.key("rules")
      json.beginArray()
      for status in group.rules {
        if wantedType == "alert", !status.rule.isAlerting { continue }
        if wantedType == "record", status.rule.isAlerting { continue }
        write(status, to: &json)
      }
      json.endArray()
      json.key("interval")
      json.number(Double(group.interval) / 1000)
      json.key("limit")
      json.integer(group.limit)
      json.key("evaluationTime")
      json.number(group.evaluationSeconds)
      json.pair("lastEvaluation", RFC3339.format(group.lastEvaluation ?? 0))
      json.endObject()
    }
    json.endArray()
  }

  private func write(_ status: RuleStatus, to json: inout JSONWriter) {
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
      json.beginArray()
      for alert in status.alerts { write(alert, to: &json) }
      json.endArray()
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
    json.pair("lastEvaluation", RFC3339.format(status.lastEvaluation ?? 0))
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

  private func targets(_ json: inout JSONWriter) {
    json.key("activeTargets")
    json.beginArray()
    for target in context.targets() {
      json.beginObject()
      json.key("labels")
      json.labels(target.labels)
      json.pair("scrapePool", target.job)
      json.pair("scrapeUrl", target.url)
      json.pair("lastError", target.lastError)
      json.pair("lastScrape", RFC3339.format(target.lastScrape ?? 0))
      json.key("lastScrapeDuration")
      json.number(target.lastScrapeSeconds)
      json.pair("health", target.isHealthy.map { $0 ? "up" : "down" } ?? "unknown")
      json.endObject()
    }
    json.endArray()
    json.key("droppedTargets")
    json.beginArray()
    for (job, dropped) in context.droppedTargets().sorted(by: { $0.key < $1.key }) {
      for labels in dropped {
        json.beginObject()
        json.key("discoveredLabels")
        json.labels(labels)
        json.pair("scrapePool", job)
        json.endObject()
      }
    }
    json.endArray()
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
    json.pair("storageRetention", PrometheusDuration.format(context.store.configuration.retentionTime))
    json.pair("serverTime", RFC3339.format(context.time.now()))
  }
}

extension JSONWriter {
  /// Writes a key and its text.
  fileprivate mutating func pair(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  /// Writes labels or annotations as an object, in their order.
  fileprivate mutating func pairs(_ labels: [Label]) {
    beginObject()
    for label in labels { pair(label.name, label.value) }
    endObject()
  }
}
