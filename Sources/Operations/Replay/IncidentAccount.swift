/// What became of one incident of a replay: when it was said, when it came true, when it was over.
public struct IncidentAccount: Sendable, Equatable {
  /// The incident as it was said last.
  public var incident: Incident
  /// The first announcement at WARNING or above, UTC milliseconds; nil if it stayed below.
  public var warnedAt: Int64?
  /// Whether the limit lay ahead at that time.
  public var wasPredicted = false
  /// When what was predicted was there.
  public var cameTrueAt: Int64?

  /// How long before it came true a prediction was said, in seconds.
  public var leadTime: Double? {
    guard wasPredicted, let warnedAt, let cameTrueAt else { return nil }
    return Double(cameTrueAt - warnedAt) / 1000
  }

  /// One account for each incident that was opened, in the order of time.
  public static func accounts(of events: [IncidentEvent]) -> [IncidentAccount] {
    var order: [String] = []
    var accounts: [String: IncidentAccount] = [:]
    for event in events {
      let incident = event.incident
      if accounts[incident.id] == nil { order.append(incident.id) }
      var account = accounts[incident.id] ?? IncidentAccount(incident: incident)
      account.incident = incident
      if event.kind != .resolved, account.warnedAt == nil, incident.level >= .warning {
        account.warnedAt = event.time
        account.wasPredicted = incident.isPredicted
      }
      if account.wasPredicted, account.cameTrueAt == nil, !incident.isPredicted { account.cameTrueAt = event.time }
      accounts[incident.id] = account
    }
    return order.compactMap { accounts[$0] }
  }
}
