import HTTPFetch
import Synchronization
import TimeSeries

/// What a target's task is to do.
struct TargetAssignment: Sendable, Equatable {
  var target: ScrapeTarget
  var job: ScrapeConfiguration
  /// Why every scrape shall fail, if it shall.
  var failure: ScrapeError?
}

/// A target under way: the task that scrapes it, and the way to tell that task of changes.
final class TargetHandle: ScrapeTask {
  private let manager: ScrapeManager
  private let metrics: ScrapeMetrics
  private let assignment: Mutex<TargetAssignment?>
  private let signal = Signal()

  init(_ assignment: TargetAssignment, _ metrics: ScrapeMetrics, _ manager: ScrapeManager) {
    self.manager = manager
    self.metrics = metrics
    self.assignment = Mutex(assignment)
    manager.show(TargetHandle.status(assignment), of: self)
  }

  /// Changes what the task does; nil ends it.
  func assign(_ new: TargetAssignment?) {
    let isChange = assignment.withLock { old in
      defer { old = new }
      return old != new
    }
    if isChange { signal.set() }
  }

  func run() async {
    guard var current = assignment.withLock({ $0 }) else { return manager.show(nil, of: self) }
    var status = TargetHandle.status(current)
    let session = ScrapeSession(
      store: manager.store, job: current.job, target: current.target,
      sense: manager.senses?.sense(for: current.target, of: current.job))
    var scraper = TargetScraper(
      client: manager.client, time: manager.time, metrics: metrics, logger: manager.logger,
      isExtended: manager.options.storesExtraMetrics, session: session)
    while !Task.isCancelled {
      guard let next = assignment.withLock({ $0 }) else {
        scraper.session.finish()
        break
      }
      if next != current {
        current = next
        let sense = manager.senses?.sense(for: current.target, of: current.job)
        scraper.session.adopt(current.job, current.target, sense)
        let new = TargetHandle.status(current)
        status.discoveredLabels = new.discoveredLabels
        status.interval = new.interval
        status.timeout = new.timeout
        manager.show(status, of: self)
      }
      let schedule = ScrapeSchedule(interval: current.target.interval, identity: current.target.identity)
      let due = schedule.next(after: manager.time.now())
      guard await signal.waits(until: due, manager.time) else { continue }
      let timestamp = schedule.timestamp(due: due, start: manager.time.now())
      guard let outcome = await scraper.scrape(timestamp: timestamp, failure: current.failure) else { continue }
      status.health = outcome.error == nil ? .up : .down
      status.lastError = outcome.error?.description ?? ""
      status.lastScrape = outcome.timestamp
      status.lastDuration = outcome.duration
      status.samples = outcome.samples
      manager.show(status, of: self)
    }
    manager.show(nil, of: self)
  }

  private static func status(_ assignment: TargetAssignment) -> TargetStatus {
    TargetStatus(
      job: assignment.job.jobName, labels: assignment.target.labels,
      discoveredLabels: assignment.target.discoveredLabels, url: assignment.target.url,
      interval: assignment.target.interval, timeout: assignment.target.timeout)
  }
}
