import HTTPFetch
import TimeSeries

/// What to send when: a queue's shards, their retries, and up to where the journal is dealt with. A pure state machine.
///
/// Series are spread over shards by their labels, and a shard has one request under way at a time, which it repeats
/// unchanged until the receiver has taken or refused it: the samples of a series arrive in their order. A position of the
/// journal is acknowledged when every sample up to it is settled, in whichever shard.
struct DeliveryPlan: Sendable {
  /// One request of a shard.
  struct Attempt: Sendable, Equatable {
    var shard: Int
    var samples: [OutgoingSample]
  }

  /// What an outcome settled.
  struct Settlement: Sendable, Equatable {
    var delivered = 0
    var refused = 0
    /// Samples that will be sent once more.
    var retried = 0
    /// The newest timestamp among those delivered.
    var newest: Int64?
  }

  private struct Shard {
    /// Not in a request yet; the part before `head` is gone.
    var waiting: [OutgoingSample] = []
    var head = 0
    /// When the oldest of these came.
    var since: Int64 = 0
    /// Requests to be sent before anything that waits, the next one last.
    var unsent: [[OutgoingSample]] = []
    /// The request under way.
    var current: [OutgoingSample]?
    var backoff: RetryBackoff
    /// How many requests were refused since the receiver last took one.
    var refusals = 0

    var count: Int { waiting.count - head }

    mutating func take(_ most: Int) -> [OutgoingSample] {
      let taken = Array(waiting[head..<min(head + most, waiting.count)])
      head += taken.count
      if head == waiting.count || head > 8192 {
        waiting.removeFirst(head)
        head = 0
      }
      return taken
    }
  }

  /// How long the queue is watched before the number of shards is reconsidered, in milliseconds.
  static let reviewInterval: Int64 = 10_000

  let settings: QueueSettings
  private var shards: [Shard] = []
  /// The pieces of the journal that are not acknowledged yet, the first of them number `firstPiece`.
  private var pieces: [(position: Int64, remaining: Int)] = []
  private var firstPiece = 0
  /// Up to where the journal is dealt with; nil if nothing is yet.
  private(set) var acknowledged: Int64?
  /// Samples that are not settled.
  private(set) var pending = 0
  /// How many shards there are to be; changed when nothing is pending, since a series may then change its shard.
  private(set) var desiredShards: Int
  private var nextReview: Int64?
  private var blockedSince: Int64?
  private var blocked: Int64 = 0
  private var quietReviews = 0
  private var delivered = 0

  init(_ settings: QueueSettings) {
    self.settings = settings
    desiredShards = settings.minimumShards
    shards = Self.shards(desiredShards, settings)
  }

  private static func shards(_ count: Int, _ settings: QueueSettings) -> [Shard] {
    let backoff = RetryBackoff(
      firstPause: settings.minimumBackoff, longestPause: settings.maximumBackoff, patience: .max)
    return Array(repeating: Shard(backoff: backoff), count: count)
  }

  var shardCount: Int { shards.count }

  /// Whether more samples are wanted.
  var hasRoom: Bool { pending < settings.capacity * shards.count && desiredShards == shards.count }

  /// Whether the receiver takes nothing at present.
  var isFailing: Bool { shards.contains { $0.backoff.isFailing } }

  /// Takes in the samples of the next piece of the journal.
  ///
  /// - Parameter position: what to acknowledge once they are settled.
  mutating func add(_ samples: [OutgoingSample], position: Int64, at now: Int64) {
    let piece = firstPiece + pieces.count
    pieces.append((position, samples.count))
    pending += samples.count
    for sample in samples {
      var sample = sample
      sample.piece = piece
      let place = Int(sample.labels.fingerprint % UInt64(shards.count))
      if shards[place].count == 0 { shards[place].since = now }
      shards[place].waiting.append(sample)
    }
    advance()
    if !hasRoom, blockedSince == nil { blockedSince = now }
  }

  /// Begins the requests that are due.
  mutating func begin(at now: Int64) -> [Attempt] {
    review(at: now)
    var attempts: [Attempt] = []
    for index in shards.indices where shards[index].current == nil && shards[index].backoff.resumeAt <= now {
      guard let samples = next(index, at: now) else { continue }
      shards[index].current = samples
      attempts.append(Attempt(shard: index, samples: samples))
    }
    return attempts
  }

  private mutating func next(_ index: Int, at now: Int64) -> [OutgoingSample]? {
    if let samples = shards[index].unsent.popLast() { return samples }
    let count = shards[index].count
    guard count > 0, count >= settings.samplesPerRequest || isDue(index, at: now) else { return nil }
    let samples = shards[index].take(settings.samplesPerRequest)
    shards[index].since = now
    return samples
  }

  private func isDue(_ index: Int, at now: Int64) -> Bool {
    desiredShards != shards.count || now - shards[index].since >= settings.sendDeadline
  }

  /// When ``begin(at:)`` will have something to do though nothing else happens; nil if it will not.
  var nextDeadline: Int64? {
    shards.compactMap { shard -> Int64? in
      guard shard.current == nil, shard.count > 0 || !shard.unsent.isEmpty else { return nil }
      let isReady =
        !shard.unsent.isEmpty || shard.count >= settings.samplesPerRequest
        || desiredShards != shards.count
      return max(shard.backoff.resumeAt, isReady ? .min : shard.since + settings.sendDeadline)
    }.min()
  }

  /// Takes note of what became of a shard's request.
  mutating func finish(_ shard: Int, _ outcome: DeliveryOutcome, at now: Int64) -> Settlement {
    guard let samples = shards[shard].current else { return Settlement() }
    shards[shard].current = nil
    var settlement = Settlement()
    switch outcome {
    case .retry(_, let pause):
      shards[shard].unsent.append(samples)
      _ = shards[shard].backoff.failed(at: now, pause: pause)
      settlement.retried = samples.count
      return settlement
    case .refusedTogether where samples.count > 1 && shards[shard].refusals < 2 * settings.samplesPerRequest:
      // Halving ends at the samples that are at fault. A receiver that has refused every single one of a whole request is
      // asked no more about parts until it takes something.
      shards[shard].refusals += 1
      halve(samples, of: shard)
      settlement.retried = samples.count
      return settlement
    case .tooLarge where samples.count > 1:
      halve(samples, of: shard)
      settlement.retried = samples.count
      return settlement
    case .delivered:
      settlement.delivered = samples.count
      shards[shard].refusals = 0
    case .refusedTogether:
      settlement.refused = samples.count
      shards[shard].refusals += 1
    case .refused(_, let written):
      settlement.delivered = min(max(0, written), samples.count)
      settlement.refused = samples.count - settlement.delivered
    case .tooLarge, .unsupported:
      settlement.refused = samples.count
    }
    if settlement.delivered > 0 { settlement.newest = samples.lazy.map(\.timestamp).max() }
    shards[shard].backoff.succeeded()
    settle(samples, at: now)
    return settlement
  }

  private mutating func halve(_ samples: [OutgoingSample], of shard: Int) {
    let half = samples.count / 2
    shards[shard].unsent.append(Array(samples[half...]))
    shards[shard].unsent.append(Array(samples[..<half]))
  }

  /// Has a shard's request sent once more at once, in another format.
  mutating func sendAgain(_ shard: Int) {
    guard let samples = shards[shard].current else { return }
    shards[shard].current = nil
    shards[shard].unsent.append(samples)
  }

  private mutating func settle(_ samples: [OutgoingSample], at now: Int64) {
    pending -= samples.count
    delivered += samples.count
    for sample in samples { pieces[sample.piece - firstPiece].remaining -= 1 }
    advance()
    if pending == 0, desiredShards != shards.count { shards = Self.shards(desiredShards, settings) }
    if hasRoom, let since = blockedSince {
      blocked += now - since
      blockedSince = nil
    }
  }

  /// Moves the acknowledged position over all pieces that are settled.
  private mutating func advance() {
    let settled = pieces.prefix { $0.remaining == 0 }.count
    guard settled > 0 else { return }
    acknowledged = pieces[settled - 1].position
    pieces.removeFirst(settled)
    firstPiece += settled
  }

  /// Doubles the shards while the receiver answers but does not keep up; halves them after a quiet minute.
  private mutating func review(at now: Int64) {
    guard let due = nextReview else {
      nextReview = now + Self.reviewInterval
      return
    }
    guard now >= due else { return }
    if let since = blockedSince {
      blocked += now - since
      blockedSince = now
    }
    if blocked * 2 >= Self.reviewInterval, delivered > 0, !isFailing {
      desiredShards = min(desiredShards * 2, settings.maximumShards)
      quietReviews = 0
    } else {
      quietReviews = blocked == 0 ? quietReviews + 1 : 0
      if quietReviews >= 6 {
        desiredShards = max(desiredShards / 2, settings.minimumShards)
        quietReviews = 0
      }
    }
    blocked = 0
    delivered = 0
    nextReview = now + Self.reviewInterval
    if pending == 0, desiredShards != shards.count { shards = Self.shards(desiredShards, settings) }
  }
}
