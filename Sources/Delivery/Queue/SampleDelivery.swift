import Exposition
import HTTPFetch
import Logging
import SeriesStore
import TimeSeries

/// Carries the store's journal to one destination: reads it, sends what is wanted, acknowledges what has arrived.
///
/// What is not acknowledged when the process ends is sent again by the next one.
public final class SampleDelivery: Sendable {
  public let configuration: DeliveryConfiguration
  private let feed: JournalFeed
  private let sources: DeliverySources
  private let client: HTTPClient
  private let time: any TimeSource
  private let metrics: DeliveryMetrics
  private let log: Logger

  /// - Throws: `StoreError`, for instance if the store has no file.
  public init(
    _ configuration: DeliveryConfiguration, store: SeriesStore, sources: DeliverySources, client: HTTPClient,
    time: any TimeSource, registry: MetricRegistry, log: Logger
  ) throws(StoreError) {
    self.configuration = configuration
    self.sources = sources
    self.client = client
    self.time = time
    self.log = log
    feed = try store.openFeed(named: configuration.feedName)
    metrics = DeliveryMetrics(registry, configuration)
  }

  private enum Event: Sendable {
    case read(Result<FeedBatch?, StoreError>)
    case answered(DeliveryPlan.Attempt, DeliveryOutcome, Report)
    case acknowledged(Result<FeedLag, StoreError>)
    case timer(Int64)
  }

  /// What an attempt was, beside its outcome.
  private struct Report: Sendable {
    var format = 0
    var sent = 0
    var bytes = 0
    var seconds: Double?
  }

  /// What one run knows; only its own loop touches it.
  private struct Loop {
    var plan: DeliveryPlan
    var router: SampleRouter
    var format: any DeliveryFormat
    /// How often the format has changed.
    var formatNumber = 0
    var toldMetadata: [String: Int64] = [:]
    var isReading = false
    /// When the journal may be read again after a fault.
    var readAfter: Int64 = .min
    var isAcknowledging = false
    var acknowledged: Int64?
    var lastAcknowledgement: Int64 = .min
    var timers: Set<Int64> = []
    var trouble = TroubleLog()
    var isOver = false
  }

  /// Sends until the task is cancelled or the store is closed.
  public func run() async {
    var loop = Loop(
      plan: DeliveryPlan(configuration.queue),
      router: SampleRouter(
        configuration, externalLabels: sources.externalLabels, labels: sources.labels,
        recordedNames: sources.recordedNames),
      format: Self.format(configuration))
    await withTaskGroup(of: Event.self) { group in
      begin(&loop, &group)
      while let event = await group.next() {
        take(event, &loop)
        if Task.isCancelled { loop.isOver = true }
        if loop.isOver { group.cancelAll() } else { begin(&loop, &group) }
        metrics.show(loop.plan)
      }
    }
    if let position = loop.plan.acknowledged { try? feed.acknowledge(position) }
  }

  private static func format(_ configuration: DeliveryConfiguration) -> any DeliveryFormat {
    let retries = configuration.queue.retriesTooManyRequests
    switch configuration.format {
    case .remoteWrite(let version, _):
      return RemoteWriteFormat(url: configuration.url, version: version, retriesTooManyRequests: retries)
    case .influxDB(let target):
      return InfluxDBFormat(server: configuration.url, target: target, retriesTooManyRequests: retries)
    }
  }

  // MARK: What happened

  private func take(_ event: Event, _ loop: inout Loop) {
    let now = time.now()
    switch event {
    case .read(.success(let batch)):
      loop.isReading = false
      guard let batch else {
        loop.isOver = true
        return
      }
      metrics.missedRows.increment(by: Double(batch.missedRows))
      let (samples, drops) = loop.router.route(batch, at: now)
      for (reason, count) in drops { metrics.drop(count, reason) }
      if let newest = samples.lazy.map(\.timestamp).max() { metrics.showNewest(read: newest) }
      loop.plan.add(samples, position: batch.position, at: now)
    case .read(.failure(let error)):
      loop.isReading = false
      loop.readAfter = now + 1000
      note("the journal cannot be read: \(error)", &loop, now)
    case .answered(let attempt, let outcome, let report):
      settle(attempt, outcome, report, &loop, now)
    case .acknowledged(let result):
      loop.isAcknowledging = false
      switch result {
      case .success(let lag): metrics.show(lag, at: now)
      case .failure(let error): note("the journal's position cannot be kept: \(error)", &loop, now)
      }
    case .timer(let deadline): loop.timers.remove(deadline)
    }
  }

  private func settle(
    _ attempt: DeliveryPlan.Attempt, _ outcome: DeliveryOutcome, _ report: Report, _ loop: inout Loop, _ now: Int64
  ) {
    metrics.count(outcome, seconds: report.seconds)
    if case .unsupported(let reason) = outcome {
      if report.format != loop.formatNumber { return loop.plan.sendAgain(attempt.shard) }
      if let fallback = loop.format.fallback {
        log.warning(
          "the receiver does not know \(loop.format.name), \(fallback.name) is sent instead",
          metadata: ["remote_name": "\(configuration.name)", "reason": "\(reason)"])
        loop.format = fallback
        loop.formatNumber += 1
        return loop.plan.sendAgain(attempt.shard)
      }
    }
    let settlement = loop.plan.finish(attempt.shard, outcome, at: now)
    let unwritable = outcome == .delivered ? attempt.samples.count - report.sent : 0
    if unwritable > 0 { metrics.drop(unwritable, .notRepresentable) }
    metrics.sent.increment(by: Double(settlement.delivered - unwritable))
    metrics.failed.increment(by: Double(settlement.refused))
    metrics.retried.increment(by: Double(settlement.retried))
    if let newest = settlement.newest { metrics.showNewest(sent: newest) }
    if settlement.delivered > 0 { metrics.bytes.increment(by: Double(report.bytes)) }
    if let reason = outcome.reason {
      let text = settlement.refused > 0 ? "\(settlement.refused) samples are refused: \(reason)" : reason
      note(text, &loop, now)
    } else if !loop.plan.isFailing, loop.trouble.isOver(at: now) {
      log.notice("samples arrive again", metadata: ["remote_name": "\(configuration.name)"])
    }
  }

  private func note(_ reason: String, _ loop: inout Loop, _ now: Int64) {
    guard loop.trouble.isNews(reason, at: now) else { return }
    log.warning(
      "samples cannot be delivered",
      metadata: [
        "remote_name": "\(configuration.name)", "url": "\(configuration.url)", "reason": "\(reason)",
        "pending": "\(loop.plan.pending)",
      ])
  }

  // MARK: What to do next

  private func begin(_ loop: inout Loop, _ group: inout TaskGroup<Event>) {
    let now = time.now()
    for attempt in loop.plan.begin(at: now) {
      let metadata = metadata(for: attempt, &loop, now)
      group.addTask { [format = loop.format, number = loop.formatNumber] in
        await self.send(attempt, format, number, metadata)
      }
    }
    if !loop.isReading, loop.plan.hasRoom, loop.readAfter <= now {
      loop.isReading = true
      let most = configuration.queue.samplesPerRequest
      group.addTask { [feed] in
        do throws(StoreError) {
          return .read(.success(try await feed.next(maximumSamples: most)))
        } catch {
          return .read(.failure(error))
        }
      }
    }
    beginAcknowledging(&loop, &group, now)
    var deadlines = [loop.lastAcknowledgement + (loop.plan.acknowledged == loop.acknowledged ? 5000 : 1000)]
    if let deadline = loop.plan.nextDeadline { deadlines.append(deadline) }
    if loop.readAfter > now { deadlines.append(loop.readAfter) }
    if let next = deadlines.min(), !loop.timers.contains(where: { $0 <= next }) {
      // What is overdue was begun above.
      let deadline = max(next, now + 1)
      loop.timers.insert(deadline)
      group.addTask { [time] in
        try? await time.sleep(until: deadline)
        return .timer(deadline)
      }
    }
  }

  /// Once a second what was settled is written down; and now and then it is looked how far behind the queue is.
  private func beginAcknowledging(_ loop: inout Loop, _ group: inout TaskGroup<Event>, _ now: Int64) {
    let isNew = loop.plan.acknowledged != loop.acknowledged
    let age = loop.lastAcknowledgement == .min ? .max : now - loop.lastAcknowledgement
    guard !loop.isAcknowledging, age >= (isNew ? 1000 : 5000) else { return }
    loop.isAcknowledging = true
    loop.lastAcknowledgement = now
    loop.acknowledged = loop.plan.acknowledged
    group.addTask { [feed, position = loop.plan.acknowledged] in
      do throws(StoreError) {
        return .acknowledged(.success(try await feed.progress(acknowledging: position)))
      } catch {
        return .acknowledged(.failure(error))
      }
    }
  }

  private func metadata(
    for attempt: DeliveryPlan.Attempt, _ loop: inout Loop, _ now: Int64
  ) -> [String: MetricMetadata] {
    guard case .remoteWrite(_, let settings) = configuration.format, settings.isSent else { return [:] }
    var wanted: Set<String> = []
    for sample in attempt.samples { wanted.insert(sample.labels.metricName) }
    if !loop.format.repeatsMetadata {
      wanted = wanted.filter { now - (loop.toldMetadata[$0] ?? now - settings.interval) >= settings.interval }
      for name in wanted { loop.toldMetadata[name] = now }
    }
    return wanted.isEmpty ? [:] : sources.metadata().filter { wanted.contains($0.key) }
  }

  private func send(
    _ attempt: DeliveryPlan.Attempt, _ format: any DeliveryFormat, _ number: Int, _ metadata: [String: MetricMetadata]
  ) async -> Event {
    var report = Report(format: number)
    guard let encoded = format.request(for: attempt.samples, metadata: metadata) else {
      return .answered(attempt, .delivered, report)
    }
    report.sent = encoded.sent
    report.bytes = encoded.body.count
    var request = HTTPRequest(url: encoded.url, method: "POST", headers: encoded.headers, body: encoded.body)
    request.timeout = configuration.timeout
    request.bodySizeLimit = 1 << 20
    do {
      try configuration.access.apply(to: &request)
    } catch {
      // A secret that is being rotated will be there again.
      return .answered(attempt, .retry(reason: "\(error)", pause: 1000), report)
    }
    // A redirected POST may arrive as a GET, and the answer to that is no receipt.
    request.maximumRedirects = 0
    do throws(HTTPFetchError) {
      let response = try await client.fetch(request)
      report.seconds = response.duration
      return .answered(attempt, format.judge(response, sent: encoded.sent, now: time.now()), report)
    } catch {
      return .answered(attempt, DeliveryOutcome(error), report)
    }
  }
}

/// What a delivery asks the rest of the process.
public struct DeliverySources: Sendable {
  /// Added to series that do not have them.
  public var externalLabels: Labels
  /// The labels of a series; nil if it is not known any more.
  public var labels: @Sendable (SeriesID) -> Labels?
  /// The names of the metrics that rules make at present.
  public var recordedNames: @Sendable () -> Set<String>
  /// What metrics are, by name.
  public var metadata: @Sendable () -> [String: MetricMetadata]

  public init(
    externalLabels: Labels, labels: @escaping @Sendable (SeriesID) -> Labels?,
    recordedNames: @escaping @Sendable () -> Set<String>, metadata: @escaping @Sendable () -> [String: MetricMetadata]
  ) {
    self.externalLabels = externalLabels
    self.labels = labels
    self.recordedNames = recordedNames
    self.metadata = metadata
  }
}

/// Keeps a lasting trouble from filling the log: one line when it begins or changes, then one a minute.
struct TroubleLog {
  private var reason: String?
  private var since: Int64 = 0

  mutating func isNews(_ text: String, at now: Int64) -> Bool {
    let isNews = reason == nil || now - since >= 60_000
    if isNews {
      reason = text
      since = now
    }
    return isNews
  }

  /// Whether a trouble that was told has ended with this.
  mutating func isOver(at now: Int64) -> Bool {
    defer { reason = nil }
    return reason != nil
  }
}
