import Exposition
import HTTPFetch
import Logging
import SeriesStore
import Synchronization
import TimeSeries

/// Reads the management API at intervals and writes what it finds into the store.
///
/// A series that a poll no longer finds (a queue deleted, a limit taken back, another state) ends
/// with a staleness marker. A poll that fails writes nothing: the API of a healthy node hangs while
/// another node hangs, and silence is no news about a queue.
public final class ManagementPoller: Sendable {
  private let api: ManagementAPI
  private let interval: Int64
  private let store: SeriesStore
  private let time: any TimeSource
  private let log: Logger
  private let metrics: Metrics
  private let state = Mutex(State())

  fileprivate struct State {
    /// The series of the poll before.
    var series: Set<Labels> = []
    /// What the last poll failed with, so that a lasting failure is logged once.
    var failure: ManagementError?
    var describedMetrics = false
  }

  /// - Parameters:
  ///   - url: The API's address, without user and password, for messages.
  ///   - user: The user that the transport authenticates as, for messages.
  ///   - interval: The milliseconds from one poll to the next; at least a second.
  public init(
    transport: any ManagementTransport, url: String, user: String?, interval: Int64, store: SeriesStore,
    registry: MetricRegistry, time: any TimeSource, log: Logger
  ) {
    api = ManagementAPI(transport: transport, url: url, user: user)
    self.interval = max(1000, interval)
    self.store = store
    self.time = time
    self.log = log
    metrics = Metrics(registry)
  }

  /// Polls until the task is cancelled.
  public func run() async {
    var next = time.now()
    while true {
      await poll()
      next &+= interval
      // Polls that could not be made in time are left out, not made up for.
      next = max(next, time.now())
      do { try await time.sleep(until: next) } catch { return }
    }
  }

  /// Polls once.
  public func poll() async {
    let outcome: Result<ManagementSnapshot, ManagementError>
    do throws(ManagementError) {
      outcome = .success(try await api.snapshot())
    } catch {
      outcome = .failure(error)
    }
    metrics.polls.increment(by: 1)
    switch outcome {
    case .success(let snapshot):
      if state.withLock({ $0.take(failure: nil) }) { log.info("the management API answers again") }
      write(snapshot)
    case .failure(let error):
      metrics.failures(error.reason).increment(by: 1)
      if state.withLock({ $0.take(failure: error) }) { log.warning("the management API cannot be read: \(error)") }
    }
  }

  private func write(_ snapshot: ManagementSnapshot) {
    let now = time.now()
    if state.withLock({ $0.firstDescription() }) {
      for (name, metadata) in ManagementSnapshot.metadata { store.setMetadata(metadata, for: name) }
    }
    let found = snapshot.series
    let ended = state.withLock { $0.replaceSeries(with: Set(found.map(\.labels))) }
    var batch = SampleBatch()
    for (labels, value) in found {
      if let id = store.resolve(labels) { batch.append(id, now, value) }
    }
    for labels in ended {
      if let id = store.resolve(labels) { batch.append(id, now, StaleMarker.value) }
    }
    _ = store.append(batch, now: now)
  }

  private struct Metrics: Sendable {
    let polls: Counter
    let registry: MetricRegistry

    init(_ registry: MetricRegistry) {
      self.registry = registry
      polls = registry.counter(
        "harecast_management_polls_total", help: "Number of times the management API was read.")
      for reason in ManagementError.Reason.allCases { _ = failures(reason) }
    }

    func failures(_ reason: ManagementError.Reason) -> Counter {
      registry.counter(
        "harecast_management_poll_failures_total",
        help: "Number of times the management API could not be read, by reason.", labels: ["reason": reason.rawValue])
    }
  }
}

extension ManagementPoller.State {
  /// Notes how a poll ended; returns whether that is new and worth a line.
  fileprivate mutating func take(failure new: ManagementError?) -> Bool {
    defer { failure = new }
    return failure?.reason != new?.reason
  }

  /// Notes the series of a poll; returns those that were there before and are no more.
  fileprivate mutating func replaceSeries(with new: Set<Labels>) -> Set<Labels> {
    defer { series = new }
    return series.subtracting(new)
  }

  fileprivate mutating func firstDescription() -> Bool {
    defer { describedMetrics = true }
    return !describedMetrics
  }
}

extension ManagementPoller {
  /// A poller of the API that `configuration` names.
  public convenience init(
    _ configuration: ManagementConfiguration, client: HTTPClient, store: SeriesStore, registry: MetricRegistry,
    time: any TimeSource, log: Logger
  ) {
    self.init(
      transport: HTTPManagementTransport(client: client, configuration: configuration), url: configuration.url,
      user: try? configuration.access.basicUsername?.reveal(), interval: configuration.interval, store: store,
      registry: registry, time: time, log: log)
  }
}
