import AnomalyDetection
import Hummingbird
import Rules
import TimeSeries

/// `/api/v1/anomalies`: what is unusual now and why, and what operators say about it.
struct AnomalyAPI: Sendable {
  let context: HTTPServerContext

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/api/v1/anomalies") { request, _ in
      do {
        let parameters = RequestParameters(request.uri.query ?? "")
        let limit = try parameters.limit()
        let least = try Self.level(parameters["level"])
        return current(limit: limit, least: least, rule: parameters["rule"].flatMap { $0.isEmpty ? nil : $0 })
      } catch let error as APIError {
        return error.response
      }
    }
    router.post("/api/v1/anomalies/feedback") { request, _ in
      // Whoever gets here has been let in; without users anybody would be.
      guard context.webConfig?.current().configuration.users.isEmpty == false else {
        return APIError(
          .forbidden, "feedback changes what alerts and needs authentication: set basic_auth_users in --web.config.file"
        ).response
      }
      do {
        return try await feedback(try await RequestParameters.read(request))
      } catch let error as APIError {
        return error.response
      } catch let error as FeedbackError {
        if case .noSuchRule = error { return APIError(.notFound, "\(error)").response }
        return APIError(.internal, "\(error)").response
      }
    }
  }

  private static func level(_ text: String?) throws -> Double {
    switch text ?? "" {
    case "": 0
    case "info": 2
    case "warning": 4
    case "critical": 7
    default: throw APIError(.badData, "invalid parameter \"level\": expected info, warning or critical")
    }
  }

  private func feedback(_ parameters: RequestParameters) async throws -> Response {
    guard let rule = parameters["rule"], !rule.isEmpty else {
      throw APIError(.badData, "invalid parameter \"rule\": the name of the rule that alerted is needed")
    }
    guard let verdict = parameters["verdict"], ["true", "false", "reset"].contains(verdict) else {
      throw APIError(.badData, "invalid parameter \"verdict\": expected true or false, or reset to take all marks back")
    }
    let marked = try await context.rules.markAnomaly(rule: rule, isTrue: verdict == "reset" ? nil : verdict == "true")
    var json = Self.success()
    json.beginObject()
    json.pair("rule", rule)
    json.key("budgetFactor")
    json.number(marked.factor)
    json.key("markedFalse")
    json.integer(marked.falseCount)
    json.key("markedTrue")
    json.integer(marked.trueCount)
    json.endObject()
    json.endObject()
    return .json(json.bytes)
  }

  private func current(limit: Int?, least: Double, rule: String?) -> Response {
    let incidents = context.incidents?.snapshot.incidents ?? []
    let all = PatternEvidence.added(to: context.rules.currentAnomalies(), from: incidents).filter {
      $0.judgement.severity.score >= least && (rule == nil || $0.rule == rule)
    }
    var json = Self.success()
    json.beginObject()
    json.key("anomalies")
    json.beginArray()
    for anomaly in all.prefix(limit ?? .max) { Self.write(anomaly, among: all, to: &json) }
    json.endArray()
    json.key("total")
    json.integer(all.count)
    json.endObject()
    json.endObject()
    return .json(json.bytes)
  }

  private static func success() -> JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.pair("status", "success")
    json.key("data")
    return json
  }

  static func write(_ anomaly: CurrentAnomaly, among all: [CurrentAnomaly], to json: inout JSONWriter) {
    let (verdict, severity) = (anomaly.judgement.verdict, anomaly.judgement.severity)
    json.beginObject()
    json.pair("rule", anomaly.rule)
    json.key("labels")
    json.labels(anomaly.labels)
    json.pair("title", AnomalyAdvice.title(anomaly))
    json.pair("level", severity.level.rawValue)
    json.key("severity")
    json.number(severity.score)
    json.key("score")
    json.number(verdict.score)
    json.key("value")
    number(anomaly.judgement.value, to: &json)
    write(verdict, to: &json)
    json.key("counts")
    json.beginObject()
    for family in EvidenceFamily.allCases {
      json.key(family.rawValue)
      json.integer(severity.count(family))
    }
    json.endObject()
    json.key("parts")
    json.beginObject()
    for part in anomaly.judgement.parts {
      json.key(part.detector)
      json.number(part.score)
    }
    json.endObject()
    json.key("attribution")
    json.beginArray()
    for part in AnomalyAttribution.parts(of: anomaly, among: all) { write(part, to: &json) }
    json.endArray()
    json.key("recommendedActions")
    json.beginArray()
    for action in AnomalyAdvice.actions(anomaly) { json.string(action) }
    json.endArray()
    json.endObject()
  }

  private static func write(_ part: AnomalyAttribution.Part, to json: inout JSONWriter) {
    json.beginObject()
    json.pair("rule", part.rule)
    json.key("labels")
    json.labels(part.labels)
    json.key("share")
    json.number(part.share)
    json.key("score")
    json.number(part.verdict.score)
    json.key("value")
    number(part.value, to: &json)
    write(part.verdict, to: &json)
    json.endObject()
  }

  /// The expected band, which way, why and since when.
  private static func write(_ verdict: AnomalyVerdict, to json: inout JSONWriter) {
    json.key("expected")
    json.beginArray()
    number(verdict.expectedLow, to: &json)
    number(verdict.expectedHigh, to: &json)
    json.endArray()
    if let direction = verdict.direction { json.pair("direction", direction.rawValue) }
    if let reason = verdict.reason { json.pair("reason", reason.rawValue) }
    if let since = verdict.since { json.pair("since", RFC3339.format(since)) }
  }

  /// JSON has neither infinity nor NaN.
  private static func number(_ value: Double, to json: inout JSONWriter) {
    if value.isFinite { json.number(value) } else { json.null() }
  }
}

/// Which of the signals that are unusual at the same place have how much to do with it.
enum AnomalyAttribution {
  /// The labels that say which thing a signal belongs to, the narrowest first.
  private static let places = ["queue", "rabbitmq_node", "instance", "node", "cluster", "rabbitmq_cluster"]
  private static let most = 10

  /// One signal and its part.
  struct Part {
    var rule: String
    var labels: Labels
    var share: Double
    var value: Double
    var verdict: AnomalyVerdict
  }

  /// Who has how much to do with `anomaly`: the signals that its rule judges together, or else the signals of other rules
  /// about the same thing, see ``shares(of:among:)``.
  static func parts(of anomaly: CurrentAnomaly, among all: [CurrentAnomaly]) -> [Part] {
    if anomaly.contributions.isEmpty {
      return shares(of: anomaly, among: all).map { other, share in
        Part(
          rule: other.rule, labels: other.labels, share: share, value: other.judgement.value,
          verdict: other.judgement.verdict)
      }
    }
    return anomaly.contributions.prefix(most).map { one in
      let part = one.part
      let verdict = AnomalyVerdict(
        score: part.score, expectedLow: part.expectedLow, expectedHigh: part.expectedHigh, direction: part.direction,
        reason: part.reason, since: part.since)
      return Part(rule: anomaly.rule, labels: one.labels, share: part.share, value: part.value, verdict: verdict)
    }
  }

  /// The signals of the same thing as `anomaly`, itself included, with their parts of the whole severity, the largest
  /// first; the parts of all of them add up to 1.
  static func shares(of anomaly: CurrentAnomaly, among all: [CurrentAnomaly]) -> [(CurrentAnomaly, Double)] {
    guard let place = places.first(where: { anomaly.labels[$0] != nil }), let name = anomaly.labels[place] else {
      return [(anomaly, 1)]
    }
    let same = all.filter { $0.labels[place] == name && weight($0) > 0 }
    var total = 0.0
    for one in same { total += weight(one) }
    guard total > 0 else { return [(anomaly, 1)] }
    return Array(same.map { ($0, weight($0) / total) }.sorted { $0.1 > $1.1 }.prefix(most))
  }

  private static func weight(_ anomaly: CurrentAnomaly) -> Double {
    max(anomaly.judgement.severity.score, anomaly.judgement.verdict.score)
  }
}
