import Collection
import Exposition
import HTTPFetch
import Logging
import Synchronization
import TimeSeries

/// Tells one Alertmanager what it has not been told yet, for as long as it takes.
final class AlertSender: Sendable {
  private struct State {
    var target: AlertmanagerTarget
    var queue: AlertQueue
    var isStopped = false
  }

  let url: String
  private let state: Mutex<State>
  private let client: HTTPClient
  private let time: any TimeSource
  private let metrics: AlertmanagerMetrics
  private let log: Logger
  private let signal = Signal()

  init(
    _ target: AlertmanagerTarget, queue: AlertQueue, client: HTTPClient, time: any TimeSource,
    registry: MetricRegistry, log: Logger
  ) {
    url = target.url
    state = Mutex(State(target: target, queue: queue))
    self.client = client
    self.time = time
    metrics = AlertmanagerMetrics(registry, url: target.url)
    self.log = log
  }

  /// Goes over to other settings; what waits goes on waiting.
  func assign(_ target: AlertmanagerTarget) { state.withLock { $0.target = target } }

  /// Takes alerts in, prepared but for this Alertmanager's own relabelling. It does not block.
  func add(_ alerts: [OutgoingAlert]) {
    let (dropped, count) = state.withLock { state in
      let own = alerts.prepared(externalLabels: .empty, rules: state.target.alertRelabelRules)
      return (state.queue.add(own), state.queue.count)
    }
    metrics.queueLength.set(Double(count))
    metrics.dropped.increment(by: Double(dropped))
    signal.set()
  }

  /// Gives up what waits, because the Alertmanager is no longer configured.
  func stop() {
    let left = state.withLock { state in
      state.isStopped = true
      return state.queue.count
    }
    metrics.dropped.increment(by: Double(left))
    metrics.retire()
    signal.set()
  }

  /// Sends until it is stopped or the task is cancelled. It can be called once.
  func run() async {
    while !Task.isCancelled, !state.withLock({ $0.isStopped }) {
      switch state.withLock({ $0.queue.next(at: time.now()) }) {
      case .send(let alerts): await send(alerts)
      case .wait(let moment): _ = await signal.waits(until: moment, time)
      case .rest: await signal.wait()
      }
    }
  }

  /// At the end: sends what still waits, each batch once, for at most so many real milliseconds.
  func drain(within milliseconds: Int64) async {
    let deadline = SystemTime().now() + milliseconds
    while case .send(let alerts) = state.withLock({ $0.queue.next(at: time.now(), hurry: true) }) {
      let left = deadline - SystemTime().now()
      guard await send(alerts, timeout: max(1, left)), left > 0 else { break }
    }
    let left = state.withLock { $0.queue.count }
    if left > 0 {
      metrics.dropped.increment(by: Double(left))
      log.warning("alerts could not be sent before the end", metadata: ["alertmanager": "\(url)", "alerts": "\(left)"])
    }
  }

  /// - Returns: whether the batch has arrived.
  @discardableResult
  private func send(_ alerts: [OutgoingAlert], timeout: Int64 = .max) async -> Bool {
    let target = state.withLock { $0.target }
    let start = ContinuousClock.now
    let (outcome, reason) = await post(alerts, to: target, timeout: min(timeout, target.timeout))
    metrics.latency.observe(Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000)
    let (wasFailing, isFailing, dropped, count) = state.withLock { state in
      let before = state.queue.isFailing
      let dropped = state.queue.finished(outcome, at: time.now())
      return (before, state.queue.isFailing, dropped, state.queue.count)
    }
    metrics.queueLength.set(Double(count))
    metrics.dropped.increment(by: Double(dropped))
    let place: Logger.Metadata = ["alertmanager": "\(url)", "alerts": "\(alerts.count)"]
    if outcome == .delivered {
      metrics.sent.increment(by: Double(alerts.count))
      if wasFailing { log.notice("the Alertmanager takes alerts again", metadata: place) }
      return true
    }
    metrics.errors.increment(by: Double(alerts.count))
    // One line when it begins; the end of a run cuts requests short itself.
    if !Task.isCancelled, !(wasFailing && isFailing) {
      log.error("alerts could not be sent", metadata: place.merging(["error": "\(reason)"]) { $1 })
    }
    return false
  }

  private func post(
    _ alerts: [OutgoingAlert], to target: AlertmanagerTarget, timeout: Int64
  ) async -> (AlertQueue.Outcome, String) {
    var request = HTTPRequest(
      url: target.url, headers: [HTTPHeader("Content-Type", "application/json")], body: OutgoingAlert.body(alerts))
    request.timeout = timeout
    request.bodySizeLimit = 1 << 20
    do {
      try target.access.apply(to: &request)
      return AlertSender.outcome(try await client.fetch(request), now: time.now())
    } catch {
      return (.failed(pause: nil), "\(error)")
    }
  }

  /// What an answer means. Alertmanager takes the valid alerts of a request that it answers with 400.
  static func outcome(_ response: HTTPResponse, now: Int64) -> (AlertQueue.Outcome, String) {
    let text = String(decoding: response.body.prefix(300), as: UTF8.self).split(whereSeparator: \.isNewline)
      .joined(separator: " ")
    let reason = "status \(response.status)\(text.isEmpty ? "" : ": \(text)")"
    switch response.status {
    case 200..<300: return (.delivered, "")
    case 400, 422: return (.refused, reason)
    case 413: return (.tooLarge, reason)
    default: return (.failed(pause: response.header("Retry-After").flatMap(Int64.init).map { $0 * 1000 }), reason)
    }
  }
}
