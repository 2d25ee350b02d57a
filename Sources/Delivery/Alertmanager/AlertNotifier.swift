import Collection
import Exposition
import HTTPFetch
import Logging
import Synchronization
import TimeSeries

/// Sends alerts to all Alertmanagers that are configured or discovered.
///
/// Each has a queue and retries of its own: one that is down holds up no other, and hears the newest state of every
/// alert when it is back.
public final class AlertNotifier: Sendable {
  private struct Found {
    var discovery: TargetDiscovery
    /// Nil until it has spoken.
    var groups: [DiscoveredGroup]?
  }

  private struct State {
    var configuration = AlertingConfiguration()
    var externalLabels = Labels.empty
    var discoveries: [Found] = []
    var senders: [String: AlertSender] = [:]
    var dropped: [String] = []
  }

  private enum Work: Sendable {
    case sender(AlertSender)
    case discovery(TargetDiscovery)
  }

  private let client: HTTPClient
  private let time: any TimeSource
  private let registry: MetricRegistry
  private let log: Logger
  private let queue: AlertQueue
  private let state = Mutex(State())
  private let work: AsyncStream<Work>
  private let workSink: AsyncStream<Work>.Continuation
  private let discovered: Gauge
  private let discoveryErrors: Counter

  /// Makes a notifier without Alertmanagers; see ``reload(_:externalLabels:)``.
  ///
  /// - Parameters:
  ///   - time: by which failed requests are repeated.
  ///   - queue: an empty queue with the bounds that each Alertmanager's shall have.
  public init(
    client: HTTPClient, time: any TimeSource, registry: MetricRegistry, log: Logger, queue: AlertQueue = AlertQueue()
  ) {
    self.client = client
    self.time = time
    self.registry = registry
    self.log = log
    self.queue = queue
    (work, workSink) = AsyncStream.makeStream()
    discovered = registry.gauge(
      "harecast_notifications_alertmanagers_discovered", help: "Alertmanagers that alerts are sent to.")
    registry.gauge(
      "harecast_notifications_queue_capacity", help: "The most alerts that wait for one Alertmanager."
    ).set(Double(queue.capacity))
    discoveryErrors = registry.counter(
      "harecast_notifications_discovery_errors_total",
      help: "Files, names and targets that could not be read while discovering Alertmanagers.")
  }

  /// Goes over to another configuration. An Alertmanager that is there before and after keeps what waits for it. It can
  /// be called before and during ``run()``.
  public func reload(_ configuration: AlertingConfiguration, externalLabels: Labels) {
    state.withLock { state in
      state.configuration = configuration
      state.externalLabels = externalLabels
      var old = state.discoveries
      state.discoveries = []
      for kind in configuration.alertmanagers.flatMap(\.sources.kinds)
      where !state.discoveries.contains(where: { $0.discovery.kind == kind }) {
        if let index = old.firstIndex(where: { $0.discovery.kind == kind }) {
          state.discoveries.append(old.remove(at: index))
        } else {
          let discovery = TargetDiscovery(kind)
          state.discoveries.append(Found(discovery: discovery))
          workSink.yield(.discovery(discovery))
        }
      }
      for found in old { found.discovery.stop() }
      synchronize(&state)
    }
  }

  /// Has alerts sent; it does not block. The same alert is to be told again while it fires.
  public func notify(_ alerts: [OutgoingAlert]) {
    let (prepared, senders) = state.withLock { state in
      (
        alerts.prepared(externalLabels: state.externalLabels, rules: state.configuration.relabelRules),
        Array(state.senders.values)
      )
    }
    if prepared.isEmpty { return }
    for sender in senders { sender.add(prepared) }
  }

  /// Discovers and sends until the task is cancelled. It can be called once.
  public func run() async {
    await withDiscardingTaskGroup { group in
      for await work in work {
        switch work {
        case .sender(let sender): group.addTask { await sender.run() }
        case .discovery(let discovery): group.addTask { await self.run(discovery) }
        }
      }
      group.cancelAll()
    }
  }

  /// After ``run()``: sends what still waits, for at most so many real milliseconds.
  public func drain(within milliseconds: Int64) async {
    await withDiscardingTaskGroup { group in
      for sender in state.withLock({ Array($0.senders.values) }) {
        group.addTask { await sender.drain(within: milliseconds) }
      }
    }
  }

  /// The URLs of the Alertmanagers that alerts are sent to, and of those that relabelling dropped, sorted.
  public func alertmanagers() -> (active: [String], dropped: [String]) {
    state.withLock { ($0.senders.keys.sorted(), $0.dropped) }
  }

  private func run(_ discovery: TargetDiscovery) async {
    await discovery.run(
      onErrors: { errors in
        for error in errors { log.warning("discovery of Alertmanagers: \(error)") }
        discoveryErrors.increment(by: Double(errors.count))
      },
      onGroups: { groups in
        state.withLock { state in
          guard let index = state.discoveries.firstIndex(where: { $0.discovery === discovery }) else { return }
          state.discoveries[index].groups = groups
          synchronize(&state)
        }
      })
  }

  /// Starts, changes and stops senders so that they are those of the configuration and the discoveries.
  private func synchronize(_ state: inout State) {
    var wanted: [String: AlertmanagerTarget] = [:]
    var dropped: Set<String> = []
    for configuration in state.configuration.alertmanagers {
      let kinds = configuration.sources.kinds
      let found = state.discoveries.filter { kinds.contains($0.discovery.kind) }.flatMap { $0.groups ?? [] }
      for labels in (configuration.sources.staticGroups.map(DiscoveredGroup.init) + found).flatMap(\.labelSets) {
        switch AlertmanagerTarget.find(labels, configuration) {
        case .target(let target): if wanted[target.url] == nil { wanted[target.url] = target }
        case .dropped(let url): dropped.insert(url)
        case .invalid(let reason):
          log.error("an Alertmanager cannot be used: \(labels): \(reason)")
          discoveryErrors.increment()
        }
      }
    }
    // Before a new discovery has spoken, what it might confirm is kept.
    let isComplete = state.discoveries.allSatisfy { $0.groups != nil }
    for (url, sender) in state.senders where wanted[url] == nil && isComplete {
      sender.stop()
      state.senders[url] = nil
    }
    for (url, target) in wanted {
      if let sender = state.senders[url] {
        sender.assign(target)
        continue
      }
      let sender = AlertSender(target, queue: queue, client: client, time: time, registry: registry, log: log)
      state.senders[url] = sender
      workSink.yield(.sender(sender))
    }
    state.dropped = dropped.sorted()
    discovered.set(Double(state.senders.count))
  }
}
