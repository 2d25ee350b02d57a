/// One announcement as a line of JSON, as the scorer and other programs read it.
public struct IncidentLine: Sendable, Encodable {
  var run: String
  var t_ms: Int64
  var event: String
  var id: String
  var type: String
  var level: String
  var severity: Double
  var object: String
  var predicted: Bool
  var eta_ms: Int64?
  var eta_lo_ms: Int64?
  var eta_hi_ms: Int64?
  var limit: String?
  var summary: String

  public init(run: String, _ event: IncidentEvent) {
    let incident = event.incident
    self.run = run
    t_ms = event.time
    self.event = event.kind.rawValue
    id = incident.id
    type = incident.type.rawValue
    level = incident.level.rawValue
    severity = (incident.severity * 10).rounded() / 10
    object = incident.object
    predicted = incident.isPredicted
    if let time = incident.timeToLimit, event.kind != .resolved, time.median > 0 {
      func moment(_ seconds: Double) -> Int64 { event.time + Int64((min(seconds, 1e9) * 1000).rounded()) }
      eta_ms = moment(time.median)
      eta_lo_ms = moment(time.lower)
      eta_hi_ms = moment(time.upper)
    }
    limit = incident.limit.isEmpty ? nil : incident.limit
    summary = incident.summary
  }
}
