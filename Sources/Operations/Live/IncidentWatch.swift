import Exposition
import Logging
import Rules
import SeriesStore
import Synchronization
import TimeSeries

/// Watches the clusters in the store: looks at intervals, keeps incidents in the journal and writes what it finds back
/// as series.
public final class IncidentWatch: Sendable {
  /// What was known after the last look.
  public struct Snapshot: Sendable {
    /// Open ones first, worst first; then resolved ones, newest first.
    public var incidents: [Incident] = []
    /// By cluster.
    public var fates: [(cluster: String, fate: QueueFate)] = []
    public var blocks: [(cluster: String, block: PublisherBlock)] = []
    public var time: Int64 = 0
  }

  private let store: SeriesStore
  private let time: any TimeSource
  private let registry: MetricRegistry
  private let log: Logger
  private let journal: IncidentJournal
  private let interval: Int64
  private let state: Mutex<State>

  private struct State {
    var configuration: OperationsConfiguration
    var snapshot = Snapshot()
    var windows: [MaintenanceWindow] = []
    var sequence = 0
  }

  /// - Parameters:
  ///   - interval: from one look to the next where the configuration does not say, in milliseconds.
  ///   - keeper: where the journal is; nil for memory only.
  public init(
    store: SeriesStore, keeper: (any StateKeeper)?, registry: MetricRegistry, time: any TimeSource,
    configuration: OperationsConfiguration, interval: Int64, log: Logger
  ) {
    self.store = store
    self.time = time
    self.registry = registry
    self.log = log
    journal = IncidentJournal(keeper: keeper)
    self.interval = max(1000, configuration.interval ?? interval)
    state = Mutex(State(configuration: configuration))
    for (name, metadata) in OperationsSeries.metadata { store.setMetadata(metadata, for: name) }
    do {
      let (incidents, windows) = (try journal.incidents(), try journal.windows())
      state.withLock {
        $0.snapshot.incidents = Self.sorted(incidents)
        $0.windows = windows
      }
    } catch {
      log.error("the journal of incidents cannot be read", metadata: ["error": "\(error)"])
    }
  }

  /// Takes the maintenance windows and the journal's retention of a new configuration.
  public func reload(_ configuration: OperationsConfiguration) {
    state.withLock { $0.configuration = configuration }
  }

  public var snapshot: Snapshot { state.withLock { $0.snapshot } }

  /// Looks until the task is cancelled.
  public func run() async throws {
    var look = makeLook()
    var next = time.now()
    while true {
      look.run(at: time.now())
      next = max(next + interval, time.now())
      try await time.sleep(until: next)
    }
  }

  func makeLook() -> IncidentLook {
    let (configuration, open) = state.withLock { state in
      (state.configuration, state.snapshot.incidents.filter { $0.resolvedAt == nil })
    }
    return IncidentLook(
      watch: self, store: store, registry: registry, configuration: configuration, interval: interval, open: open)
  }

  /// What is under planned work.
  func maintenance(at now: Int64) -> Set<String> {
    state.withLock { MaintenanceWindow.objects(of: $0.configuration.maintenance + $0.windows, at: now) }
  }

  /// Takes what a look found.
  func take(_ events: [IncidentEvent], _ found: Snapshot) {
    for event in events {
      do {
        try journal.save(event.incident)
      } catch {
        log.error("an incident cannot be kept", metadata: ["id": "\(event.incident.id)", "error": "\(error)"])
      }
      guard event.kind != .updated else { continue }
      log.notice(
        "incident \(event.kind.rawValue)",
        metadata: [
          "id": "\(event.incident.id)", "type": "\(event.incident.type.rawValue)",
          "level": "\(event.incident.level.rawValue)", "summary": "\(event.incident.summary)",
        ])
    }
    let dropped = state.withLock { state in
      let known = Set(found.incidents.map(\.id))
      let oldest = found.time - state.configuration.journalRetention
      let ended = events.filter { $0.kind == .resolved }.map(\.incident)
      let before = state.snapshot.incidents.filter { incident in
        incident.resolvedAt != nil && !known.contains(incident.id) && !ended.contains { $0.id == incident.id }
      }
      let all = found.incidents + ended + before
      let kept = all.filter { ($0.resolvedAt ?? found.time) >= oldest }
      state.snapshot = found
      state.snapshot.incidents = Array(Self.sorted(kept).prefix(Self.mostIncidents))
      let over = state.windows.filter { $0.isOver(at: oldest) }
      state.windows.removeAll { $0.isOver(at: oldest) }
      let left = Set(state.snapshot.incidents.map(\.id))
      return (all.filter { !left.contains($0.id) }.map(\.id), over.map(\.id))
    }
    for id in dropped.0 { try? journal.remove(incident: id) }
    for id in dropped.1 { try? journal.remove(window: id) }
  }

  private static let mostIncidents = 5000
  private static let mostWindows = 1000

  private static func sorted(_ incidents: [Incident]) -> [Incident] {
    incidents.sorted { left, right in
      if (left.resolvedAt == nil) != (right.resolvedAt == nil) { return left.resolvedAt == nil }
      if left.resolvedAt == nil, left.severity != right.severity { return left.severity > right.severity }
      return (left.resolvedAt ?? left.openedAt, left.id) > (right.resolvedAt ?? right.openedAt, right.id)
    }
  }

  // MARK: Maintenance windows

  /// The windows of the configuration and those set by API.
  public var windows: [MaintenanceWindow] { state.withLock { $0.configuration.maintenance + $0.windows } }

  /// Sets a window by API; it survives restarts.
  ///
  /// - Returns: nil if there are too many.
  /// - Throws: what the journal cannot do.
  public func addWindow(
    start: Int64, end: Int64, objects: [String], comment: String, createdBy: String
  ) throws -> MaintenanceWindow? {
    let window: MaintenanceWindow? = state.withLock { state in
      guard state.windows.count < Self.mostWindows else { return nil }
      state.sequence += 1
      let window = MaintenanceWindow(
        id: "\(time.now())-\(state.sequence)", start: start, end: end, objects: objects, comment: comment,
        createdBy: createdBy)
      state.windows.append(window)
      return window
    }
    if let window { try journal.save(window) }
    return window
  }

  /// Takes back a window that was set by API; returns whether there was one.
  ///
  /// - Throws: what the journal cannot do.
  public func removeWindow(_ id: String) throws -> Bool {
    let found = state.withLock { state in
      let count = state.windows.count
      state.windows.removeAll { $0.id == id }
      return state.windows.count < count
    }
    if found { try journal.remove(window: id) }
    return found
  }
}
