import HTTPTypes
import Hummingbird
import Operations
import PromQL
import TimeSeries

/// Incidents, the fate of queues, what blocks publishers, and maintenance windows.
///
///     GET    /api/v1/incidents?state=open|resolved|all&type=…&limit=…
///     GET    /api/v1/incidents/{id}
///     GET    /api/v1/queues?verdict=…&limit=…
///     GET    /api/v1/publisher_block
///     GET    /api/v1/maintenance
///     POST   /api/v1/maintenance     start, end, object (any number), comment
///     DELETE /api/v1/maintenance/{id}
struct IncidentAPI: Sendable {
  let watch: IncidentWatch
  let time: any TimeSource
  let webConfig: WebConfigSource?

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/api/v1/incidents") { request, _ in answer { try list(request) } }
    router.get("/api/v1/incidents/:id") { _, context in
      answer {
        let id = context.parameters.get("id") ?? ""
        guard let incident = watch.snapshot.incidents.first(where: { $0.id == id }) else {
          throw APIError(.notFound, "there is no incident \(Labels.quoted(String(id.prefix(100))))")
        }
        return .success { write(incident, to: &$0) }
      }
    }
    router.get("/api/v1/queues") { request, _ in answer { try queues(request) } }
    router.get("/api/v1/publisher_block") { _, _ in Response.success(blocks) }
    router.get("/api/v1/maintenance") { _, _ in Response.success(windows) }
    router.post("/api/v1/maintenance") { request, _ in
      do {
        return try await addWindow(request)
      } catch let error as APIError {
        return error.response
      }
    }
    router.delete("/api/v1/maintenance/:id") { request, context in
      answer {
        _ = try user(of: request)
        let id = context.parameters.get("id") ?? ""
        let isGone = try stored { try watch.removeWindow(id) }
        guard isGone else {
          throw APIError(.notFound, "no maintenance window \(Labels.quoted(String(id.prefix(100)))) was set by API")
        }
        return .success { $0.pair("id", id) }
      }
    }
  }

  // MARK: Reading

  private func list(_ request: Request) throws -> Response {
    let parameters = RequestParameters(request.uri.query ?? "")
    let state = parameters["state"] ?? "open"
    guard ["open", "resolved", "all"].contains(state) else {
      throw APIError(.badData, "invalid parameter \"state\": it is open, resolved or all")
    }
    let types = parameters.all("type")
    for type in types where IncidentType(rawValue: type) == nil {
      throw APIError(.badData, "invalid parameter \"type\": there is no type \(Labels.quoted(String(type.prefix(60))))")
    }
    let limit = try parameters.limit() ?? .max
    let incidents = watch.snapshot.incidents.filter { incident in
      (state == "all" || (incident.resolvedAt == nil) == (state == "open"))
        && (types.isEmpty || types.contains(incident.type.rawValue))
    }
    return .success { json in
      json.key("incidents")
      json.beginArray()
      for incident in incidents.prefix(limit) {
        json.beginObject()
        write(incident, to: &json)
        json.endObject()
      }
      json.endArray()
    }
  }

  private func write(_ incident: Incident, to json: inout JSONWriter) {
    json.pair("id", incident.id)
    json.pair("type", incident.type.rawValue)
    json.pair("state", incident.resolvedAt == nil ? "open" : "resolved")
    json.pair("level", incident.level.rawValue)
    json.key("severity")
    json.number((incident.severity * 10).rounded() / 10)
    json.pair("summary", incident.summary)
    json.pair("cluster", incident.cluster)
    json.pair("object", incident.object)
    json.key("affected")
    json.strings(incident.affected)
    json.pair("since", RFC3339.format(incident.since))
    json.pair("openedAt", RFC3339.format(incident.openedAt))
    json.pair("updatedAt", RFC3339.format(incident.updatedAt))
    if let end = incident.resolvedAt { json.pair("resolvedAt", RFC3339.format(end)) }
    json.key("predicted")
    json.bool(incident.isPredicted)
    if !incident.limit.isEmpty { json.pair("limit", incident.limit) }
    if let time = incident.timeToLimit {
      json.key("timeToLimitSeconds")
      write(time, to: &json)
    }
    json.key("evidence")
    json.beginArray()
    for evidence in incident.evidence {
      json.beginObject()
      json.pair("signal", evidence.signal)
      json.pair("detail", evidence.detail)
      json.pair("text", "\(evidence.signal): \(evidence.detail)")
      json.key("share")
      json.number((evidence.share * 1000).rounded() / 1000)
      json.endObject()
    }
    json.endArray()
    json.key("actions")
    json.strings(incident.actions)
    json.key("consequences")
    json.strings(incident.consequences)
    json.pair("runbook", "docs/runbooks.md#rabbitmq\(incident.type.rawValue.replacing("_", with: ""))")
  }

  private func write(_ time: TimeToLimit, to json: inout JSONWriter) {
    json.beginObject()
    for (name, value) in [
      ("median", time.median), ("lower", time.lower), ("upper", time.upper), ("probability", time.probability),
    ] {
      json.key(name)
      json.number((value * 1000).rounded() / 1000)
    }
    json.endObject()
  }

  private func queues(_ request: Request) throws -> Response {
    let parameters = RequestParameters(request.uri.query ?? "")
    let verdicts = parameters.all("verdict")
    for verdict in verdicts where QueueFate.Verdict(rawValue: verdict) == nil {
      throw APIError(
        .badData, "invalid parameter \"verdict\": there is no verdict \(Labels.quoted(String(verdict.prefix(60))))")
    }
    let limit = try parameters.limit() ?? .max
    // Those with the least time left come first.
    let fates = watch.snapshot.fates.filter { verdicts.isEmpty || verdicts.contains($0.fate.verdict.rawValue) }
      .sorted { ($0.fate.nearest?.time.median ?? .infinity) < ($1.fate.nearest?.time.median ?? .infinity) }
    return .success { json in
      json.key("queues")
      json.beginArray()
      for (cluster, fate) in fates.prefix(limit) {
        json.beginObject()
        json.pair("cluster", cluster)
        json.pair("vhost", fate.queue.vhost)
        json.pair("queue", fate.queue.name)
        json.pair("verdict", fate.verdict.rawValue)
        json.key("netRate")
        json.number(fate.netRate)
        json.key("netRateStandardError")
        json.number(fate.netRateError)
        if let drain = fate.drain {
          json.key("drainSeconds")
          write(drain, to: &json)
        }
        json.key("timeToLimitSeconds")
        json.beginObject()
        for (limit, time) in fate.limits.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
          json.key(limit.rawValue)
          write(time, to: &json)
        }
        json.endObject()
        json.pair("summary", fate.sentence)
        json.key("evidence")
        json.beginArray()
        for evidence in fate.evidence {
          json.beginObject()
          json.pair("signal", evidence.signal)
          json.pair("detail", evidence.detail)
          json.endObject()
        }
        json.endArray()
        json.endObject()
      }
      json.endArray()
    }
  }

  private func blocks(_ json: inout JSONWriter) {
    json.key("clusters")
    json.beginArray()
    for (cluster, block) in watch.snapshot.blocks {
      json.beginObject()
      json.pair("cluster", cluster)
      json.key("probability")
      write(block.probability, to: &json)
      json.key("quorumMargin")
      json.integer(block.quorumMargin)
      json.key("nodes")
      json.beginArray()
      for node in block.nodes {
        json.beginObject()
        json.pair("node", node.node)
        json.pair("resource", node.resource.rawValue)
        json.key("probability")
        write(node.probability, to: &json)
        if let time = node.time {
          json.key("timeToLimitSeconds")
          write(time, to: &json)
        }
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
  }

  private func write(_ probability: [String: Double], to json: inout JSONWriter) {
    json.beginObject()
    for (horizon, value) in probability.sorted(by: { $0.key < $1.key }) {
      json.key(horizon)
      json.number(value)
    }
    json.endObject()
  }

  // MARK: Maintenance

  private func windows(_ json: inout JSONWriter) {
    let now = time.now()
    json.key("windows")
    json.beginArray()
    for window in watch.windows {
      json.beginObject()
      write(window, now, to: &json)
      json.endObject()
    }
    json.endArray()
  }

  private func write(_ window: MaintenanceWindow, _ now: Int64, to json: inout JSONWriter) {
    json.pair("id", window.id)
    json.pair("start", RFC3339.format(window.start))
    json.pair("end", RFC3339.format(window.end))
    if let period = window.period { json.pair("repeat", PrometheusDuration.format(period)) }
    json.key("objects")
    json.strings(window.objects)
    json.pair("comment", window.comment)
    json.pair("createdBy", window.createdBy)
    json.key("active")
    json.bool(window.isActive(at: now))
  }

  private func addWindow(_ request: Request) async throws -> Response {
    let user = try user(of: request)
    let parameters = try await RequestParameters.read(request)
    let now = time.now()
    let start = try parameters.time("start") ?? now
    guard let end = try parameters.time("end") else { throw APIError(.badData, "the parameter \"end\" is missing") }
    guard end > start, end > now else {
      throw APIError(.badData, "invalid parameter \"end\": it must be after the start and ahead")
    }
    let objects = parameters.all("object")
    let comment = parameters["comment"] ?? ""
    guard objects.count <= 100, objects.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 1000 }), comment.utf8.count <= 2000
    else { throw APIError(.badData, "at most 100 objects of 1000 bytes and a comment of 2000 bytes are taken") }
    let window = try stored {
      try watch.addWindow(start: start, end: end, objects: objects, comment: comment, createdBy: user)
    }
    guard let window else { throw APIError(.unavailable, "there are too many maintenance windows") }
    return .success { write(window, now, to: &$0) }
  }

  /// Who asks for a change; the guard before the routes has checked the password.
  private func user(of request: Request) throws -> String {
    guard let users = webConfig?.current().configuration.users, !users.isEmpty,
      let (user, _) = WebConfigGuard<CallbackResponder<BasicRequestContext>>.credentials(
        request.headers[.authorization] ?? "")
    else {
      throw APIError(
        .forbidden, "changing maintenance windows needs authentication: set basic_auth_users in --web.config.file")
    }
    return user
  }

  private func stored<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      throw APIError(.internal, "\(error)")
    }
  }

  // MARK: Answers

  private func answer(_ body: () throws -> Response) -> Response {
    do {
      return try body()
    } catch let error as APIError {
      return error.response
    } catch {
      return APIError(.internal, "\(error)").response
    }
  }
}

extension JSONWriter {
  mutating func strings(_ texts: [String]) {
    beginArray()
    for text in texts { string(text) }
    endArray()
  }
}
