import Rules

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Incidents and maintenance windows as they are kept in the store's file, one entry each.
struct IncidentJournal: Sendable {
  private static let incidentPrefix = "operations/incident/"
  private static let windowPrefix = "operations/maintenance/"
  /// nil for a store in memory only.
  let keeper: (any StateKeeper)?

  func save(_ incident: Incident) throws {
    try keeper?.saveState(Array(JSONEncoder().encode(incident)), forKey: Self.incidentPrefix + incident.id)
  }

  func remove(incident id: String) throws { try keeper?.removeState(forKey: Self.incidentPrefix + id) }

  /// All incidents that can be read; what was written by a version with other fields is passed over.
  func incidents() throws -> [Incident] { try load(Self.incidentPrefix) }

  func save(_ window: MaintenanceWindow) throws {
    try keeper?.saveState(Array(JSONEncoder().encode(window)), forKey: Self.windowPrefix + window.id)
  }

  func remove(window id: String) throws { try keeper?.removeState(forKey: Self.windowPrefix + id) }

  func windows() throws -> [MaintenanceWindow] { try load(Self.windowPrefix) }

  private func load<Value: Decodable>(_ prefix: String) throws -> [Value] {
    guard let keeper else { return [] }
    return try keeper.stateKeys(prefix: prefix).compactMap { key in
      try keeper.state(forKey: key).flatMap { try? JSONDecoder().decode(Value.self, from: Data($0)) }
    }
  }
}
