import Exposition
import Forecasting
import Logging
import PromQL
import SeriesStore
import Synchronization
import TimeSeries

/// Forecasts demand and resources from what the store holds, at a slow pace, and writes them back as series.
public final class OutlookWatch: Sendable {
  /// What was known after the last look.
  public struct Snapshot: Sendable {
    public var demand: [Outlook] = []
    public var resources: [Outlook] = []
    /// What nothing is forecast of yet.
    public var waitingDemand: [OutlookWait] = []
    public var waitingResources: [OutlookWait] = []
    /// Whether the configuration asks for forecasts of demand, and of resources.
    public var isDemandEnabled = true
    public var areResourcesEnabled = true
    public var calendar: CalendarOutlook?
    /// What could not be done, by signal.
    public var faults: [String: String] = [:]
  }

  /// From one look to the next, in milliseconds: often enough for series not to become stale.
  static let interval: Int64 = 60_000
  /// After work, rest is at least this many times as long: at most a twentieth of one core is used.
  private static let rest: Int64 = 19

  let store: SeriesStore
  let engine: QueryEngine
  let registry: MetricRegistry
  let log: Logger
  private let time: any TimeSource
  private let state: Mutex<State>

  private struct State {
    var configuration: OutlookConfiguration
    /// Raised by every reload.
    var generation = 0
    var snapshot = Snapshot()
  }

  public init(
    store: SeriesStore, engine: QueryEngine, registry: MetricRegistry, time: any TimeSource,
    configuration: OutlookConfiguration, log: Logger
  ) {
    self.store = store
    self.engine = engine
    self.registry = registry
    self.time = time
    self.log = log
    state = Mutex(State(configuration: configuration))
    for (name, metadata) in OutlookSeries.metadata { store.setMetadata(metadata, for: name) }
  }

  /// Takes a new configuration; models learn anew.
  public func reload(_ configuration: OutlookConfiguration) {
    state.withLock { state in
      guard state.configuration != configuration else { return }
      state.configuration = configuration
      state.generation += 1
    }
  }

  /// Learns everything anew from the store, whose past has changed.
  public func relearn() { state.withLock { $0.generation += 1 } }

  public var snapshot: Snapshot { state.withLock { $0.snapshot } }

  var configuration: (value: OutlookConfiguration, generation: Int) {
    state.withLock { ($0.configuration, $0.generation) }
  }

  func take(_ snapshot: Snapshot) { state.withLock { $0.snapshot = snapshot } }

  /// Looks until the task is cancelled.
  public func run() async throws {
    var look = OutlookLook(watch: self)
    var next = time.now()
    while true {
      let began = ContinuousClock.now
      let hasMore = await look.run(at: time.now())
      let worked = Int64((ContinuousClock.now - began) / .milliseconds(1))
      let pause = max(1000, worked * Self.rest)
      next = max(next + Self.interval, time.now())
      // What is left to train is trained soon, but within the budget.
      try await time.sleep(until: hasMore ? time.now() + pause : max(next, time.now() + pause))
    }
  }
}
