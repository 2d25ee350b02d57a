import HTTPFetch
import TimeSeries

/// What one Alertmanager has not been told yet; a pure state machine.
///
/// Of each alert only its newest state waits, so that an Alertmanager that was away hears how things are, not how they
/// were, and an end is kept until it has been told. One batch is under way at a time.
public struct AlertQueue: Sendable {
  /// What to do next.
  public enum Step: Sendable, Equatable {
    /// Send this batch, then tell ``AlertQueue/finished(_:at:)``.
    case send([OutgoingAlert])
    /// Ask again at this time, in UTC milliseconds.
    case wait(until: Int64)
    /// Ask again when something was added.
    case rest
  }

  /// What became of a batch.
  public enum Outcome: Sendable, Equatable {
    case delivered
    /// The Alertmanager has taken what was valid in it and will not take the rest.
    case refused
    /// The batch is too large for something on the way.
    case tooLarge
    /// It may work later; not before so many milliseconds, if the server said so.
    case failed(pause: Int64?)
  }

  /// The most alerts that wait.
  public let capacity: Int
  private var batchSize: Int
  private var backoff: RetryBackoff
  private var waiting: [Labels: OutgoingAlert] = [:]
  /// The keys of `waiting`, oldest first; those before `head` are gone.
  private var order: [Labels] = []
  private var head = 0
  private var underWay: [OutgoingAlert] = []

  public init(
    capacity: Int = 10_000, batchSize: Int = 64,
    backoff: RetryBackoff = RetryBackoff(firstPause: 1000, longestPause: 30_000, patience: .max)
  ) {
    self.capacity = max(1, capacity)
    self.batchSize = max(1, batchSize)
    self.backoff = backoff
  }

  /// How many alerts wait or are under way.
  public var count: Int { waiting.count + underWay.count }

  /// Whether the last batch failed.
  public var isFailing: Bool { backoff.isFailing }

  /// Takes alerts in; one that waits already keeps its place and gets the new state.
  ///
  /// - Returns: how many of the oldest were dropped for want of room.
  /// - Complexity: O(number of alerts).
  public mutating func add(_ alerts: [OutgoingAlert]) -> Int {
    for alert in alerts where waiting.updateValue(alert, forKey: alert.labels) == nil { order.append(alert.labels) }
    return dropOldest()
  }

  /// What to do at `now` (UTC milliseconds).
  ///
  /// - Parameter hurry: whether not to wait after a failure, because it is the last chance.
  public mutating func next(at now: Int64, hurry: Bool = false) -> Step {
    guard underWay.isEmpty, !waiting.isEmpty else { return .rest }
    if backoff.isFailing, now < backoff.resumeAt, !hurry { return .wait(until: backoff.resumeAt) }
    while underWay.count < batchSize, let alert = takeOldest() { underWay.append(alert) }
    return .send(underWay)
  }

  /// Takes note of what became of the batch that ``next(at:hurry:)`` gave.
  ///
  /// - Returns: how many alerts were given up.
  public mutating func finished(_ outcome: Outcome, at now: Int64) -> Int {
    let batch = underWay
    underWay = []
    switch outcome {
    case .delivered:
      backoff.succeeded()
      return 0
    case .refused:
      backoff.succeeded()
      return batch.count
    case .tooLarge where batch.count > 1:
      batchSize = max(1, batch.count / 2)
      putBack(batch)
      return dropOldest()
    case .tooLarge:
      return batch.count
    case .failed(let pause):
      _ = backoff.failed(at: now, pause: pause)
      putBack(batch)
      return dropOldest()
    }
  }

  /// Puts alerts in front again, except where a newer state has come meanwhile.
  private mutating func putBack(_ batch: [OutgoingAlert]) {
    let missing = batch.filter { waiting[$0.labels] == nil }
    for alert in missing { waiting[alert.labels] = alert }
    order = missing.map(\.labels) + order[head...]
    head = 0
  }

  private mutating func dropOldest() -> Int {
    var dropped = 0
    while waiting.count > capacity, takeOldest() != nil { dropped += 1 }
    return dropped
  }

  private mutating func takeOldest() -> OutgoingAlert? {
    guard head < order.count else { return nil }
    let alert = waiting.removeValue(forKey: order[head])
    head += 1
    if head > 1024, head > order.count / 2 {
      order.removeFirst(head)
      head = 0
    }
    return alert
  }
}
