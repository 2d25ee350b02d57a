import Exposition
import Logging
import Synchronization
import TimeSeries

/// What Harecast knows of RabbitMQ, applied to one scraped endpoint.
///
/// It reads from each document which node answers, stores every series with the labels of that node
/// and renamed metrics under both names, and holds the cost of per-object documents in bounds.
/// Endpoints of anything but RabbitMQ pass through unchanged.
public final class BrokerSense: Sendable {
  private let state: Mutex<State>
  private let metrics: Metrics?
  private let log: Logger

  private struct State: Sendable {
    var identity: NodeIdentity?
    /// The identity's line as it was read last; most documents repeat it byte for byte.
    var identityLine: [UInt8] = []
    /// Nil for endpoints whose size does not depend on the number of queues.
    var governor: ScrapeGovernor?
  }

  /// - Parameters:
  ///   - path: The path of the endpoint; only `/metrics/detailed` and `/metrics/per-object` are governed.
  ///   - families: The configured `family` parameters.
  ///   - interval: The scrape interval in milliseconds.
  ///   - job: The label `job` of the target, for metrics and messages.
  ///   - instance: The label `instance` of the target, for metrics and messages.
  public init(
    path: String, families: [String], interval: Int64, job: String, instance: String,
    budget: ScrapeGovernor.Budget = .init(), registry: MetricRegistry, log: Logger
  ) {
    var governor: ScrapeGovernor?
    switch Self.endpoint(of: path) {
    case "detailed":
      governor = ScrapeGovernor(families: families, interval: interval, budget: budget)
    case "per-object":
      governor = ScrapeGovernor(families: [], interval: interval, budget: budget)
    default:
      break
    }
    metrics = governor == nil ? nil : Metrics(registry, job: job, instance: instance)
    state = Mutex(State(governor: governor))
    var log = log
    log[metadataKey: "job"] = "\(job)"
    log[metadataKey: "instance"] = "\(instance)"
    self.log = log
  }

  /// The node that answered last, if it was RabbitMQ.
  public var identity: NodeIdentity? { state.withLock { $0.identity } }

  /// What to do now that a scrape is due.
  public func decide() -> ScrapeGovernor.Decision {
    let decision = state.withLock { $0.governor?.decide() ?? .scrape(families: nil) }
    if decision == .skip { metrics?.skipped.increment(by: 1) }
    return decision
  }

  /// Takes in what a scrape cost.
  public func observe(_ cost: ScrapeGovernor.Cost) {
    let outcome = state.withLock { state in
      state.governor?.observe(cost).map { ($0, state.governor) }
    }
    guard let (change, governor) = outcome, let governor else { return }
    metrics?.level.set(Double(change.to))
    metrics?.narrowed.set(governor.isNarrowed ? 1 : 0)
    let step = governor.ladder[change.to]
    var what = step.families.map { "only \($0.joined(separator: ", "))" } ?? "all configured families"
    if step.every > 1 { what += ", one scrape in \(step.every)" }
    if let reason = change.reason {
      log.warning("scraping less of the broker: \(reason); now \(what)")
    } else {
      log.notice("scraping more of the broker again: now \(what)")
    }
  }

  /// Looks who answered; returns whether the labels that ``expand(_:)`` gives have changed by it.
  ///
  /// - Complexity: O(`document.count`), at the speed of `memchr`.
  public func identify(_ document: UnsafeRawBufferPointer) -> Bool {
    guard let line = NodeIdentity.line(in: document) else { return false }
    return state.withLock { state in
      if state.identityLine.elementsEqual(line) { return false }
      guard let identity = NodeIdentity(line: line) else { return false }
      state.identityLine = Array(line)
      defer { state.identity = identity }
      return state.identity != identity
    }
  }

  /// The label sets under which a scraped series is stored; the first is the series itself.
  public func expand(_ labels: Labels) -> [Labels] {
    guard let identity = state.withLock({ $0.identity }) else { return [labels] }
    let named = identity.added(to: labels)
    guard let canonical = MetricNames.canonical(named) else { return [named] }
    return [named, canonical]
  }

  /// The part of `path` behind `/metrics/`, also with a prefix and a slash at the end.
  private static func endpoint(of path: String) -> Substring {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, parts[parts.count - 2] == "metrics", let last = parts.last else { return "" }
    return last
  }

  private struct Metrics: Sendable {
    let level: Gauge
    let skipped: Counter
    let narrowed: Gauge

    init(_ registry: MetricRegistry, job: String, instance: String) {
      level = registry.gauge(
        "harecast_scrape_governor_level",
        help: "Step that the scrape governor has taken to spare the target; 0 is the configuration as it is.",
        labels: ["job": job, "instance": instance])
      skipped = registry.counter(
        "harecast_scrape_governor_skipped_total",
        help: "Number of scrapes that the scrape governor left out to spare the target.",
        labels: ["job": job, "instance": instance])
      narrowed = registry.gauge(
        "harecast_scrape_governor_narrowed",
        help: "Whether the scrape governor asks the target for fewer families than configured.",
        labels: ["job": job, "instance": instance])
      level.set(0)
      narrowed.set(0)
    }
  }
}
