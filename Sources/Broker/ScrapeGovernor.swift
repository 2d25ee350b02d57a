/// Keeps the scrapes of one target from becoming a load on the broker.
///
/// Per-object documents grow with the queues, and a broker in trouble answers ever slower. The
/// governor climbs a ladder: first it asks for fewer families, then it leaves out scrapes. What it
/// holds against the budget is the cost of a scrape spread over the scrapes left out, so that the
/// ladder ends as high as needed and no higher. It comes down one step at a time, after a run of
/// scrapes that leave room below; a descent that has to be taken back doubles that run.
///
/// It is a state machine without clock or sockets: ``decide()`` before a scrape, ``observe(_:)``
/// after it.
public struct ScrapeGovernor: Sendable {
  /// What one target may cost.
  public struct Budget: Sendable, Hashable {
    /// The part of the scrape interval that a scrape may take.
    public var durationShare: Double = 0.2
    /// The size of the decoded body, in bytes: the coarse families of some 35,000 queues.
    public var bodyBytes: Int = 16 << 20
    /// The number of samples: the coarse families of some 20,000 queues.
    public var samples: Int = 100_000
    /// How many scrapes in a row must be too slow before the governor climbs; one slow scrape is noise.
    public var slowScrapes: Int = 2
    /// How many cheap scrapes in a row it takes to come down one step, at first.
    public var cheapScrapes: Int = 10
    /// The longest time between two scrapes that the governor makes, in milliseconds: under the five
    /// minutes after which a series counts as gone.
    public var longestGap: Int64 = 240_000

    public init() {}
  }

  /// One step of the ladder.
  public struct Step: Sendable, Hashable {
    /// The families to ask for, or nil for those configured.
    public var families: [String]?
    /// Only every `every`th scrape is made.
    public var every: Int
  }

  /// What a scrape cost.
  public struct Cost: Sendable, Hashable {
    /// In milliseconds.
    public var duration: Double
    public var bodyBytes: Int
    public var samples: Int
    /// What the scrape was given up for, if it was.
    public var excess: Excess?
    /// Whether the scrape failed otherwise. It may still have been expensive, but never counts as cheap.
    public var failed: Bool

    /// A bound of the scrape itself that was hit.
    public enum Excess: Sendable, Hashable {
      case time, size
    }

    public init(
      duration: Double, bodyBytes: Int = 0, samples: Int = 0, excess: Excess? = nil, failed: Bool = false
    ) {
      self.duration = duration
      self.bodyBytes = bodyBytes
      self.samples = samples
      self.excess = excess
      self.failed = failed
    }
  }

  /// What to do at the time of a scrape.
  public enum Decision: Sendable, Hashable {
    /// Scrape, asking for these families, or for those configured if nil.
    case scrape(families: [String]?)
    case skip
  }

  /// A change of step, for the log.
  public struct Change: Sendable, Hashable {
    public var from: Int
    public var to: Int
    /// What was over the budget; nil on the way down.
    public var reason: String?
  }

  /// The families that are cheap enough for any broker.
  public static let coarseFamilies = ["queue_coarse_metrics", "queue_consumer_count"]

  /// The steps; the first is the configuration as it is.
  public let ladder: [Step]
  /// The step that is in force, an index into ``ladder``.
  public private(set) var level = 0

  private let budget: Budget
  /// The scrape interval in milliseconds.
  private let interval: Double
  private var scheduled = 0
  private var slow = 0
  private var cheap = 0
  /// How many cheap scrapes the next descent takes.
  private var patience: Int
  /// Scrapes since the last descent, or nil if it has proved itself.
  private var sinceDescent: Int?

  /// - Parameters:
  ///   - families: The configured families; empty if the endpoint cannot be narrowed.
  ///   - interval: The scrape interval in milliseconds; over 0.
  public init(families: [String], interval: Int64, budget: Budget = Budget()) {
    self.budget = budget
    self.interval = Double(max(1, interval))
    patience = budget.cheapScrapes
    var ladder = [Step(families: nil, every: 1)]
    var current = families
    for narrowed in [families.filter { !Self.isCostly($0) }, Self.coarse(of: families)]
    where !narrowed.isEmpty && narrowed.count < current.count {
      ladder.append(Step(families: narrowed, every: 1))
      current = narrowed
    }
    let narrowest = ladder.last?.families
    for every in [2, 4, 8, 16] {
      let (gap, overflow) = Int64(every).multipliedReportingOverflow(by: interval)
      if !overflow && gap <= budget.longestGap { ladder.append(Step(families: narrowest, every: every)) }
    }
    self.ladder = ladder
  }

  /// Whether fewer families are asked for than configured.
  public var isNarrowed: Bool { ladder[level].families != nil }

  /// Says what to do now that a scrape is due.
  public mutating func decide() -> Decision {
    let step = ladder[level]
    defer { scheduled &+= 1 }
    return scheduled.isMultiple(of: step.every) ? .scrape(families: step.families) : .skip
  }

  /// Takes in what a scrape cost, and returns the change of step that follows, if one does.
  public mutating func observe(_ cost: Cost) -> Change? {
    if let excess = excess(of: cost, every: ladder[level].every) {
      cheap = 0
      slow += 1
      guard excess.isCertain || slow >= budget.slowScrapes else { return nil }
      return climb(excess.reason)
    }
    if cost.failed { return nil }
    slow = 0
    if let scrapes = sinceDescent {
      sinceDescent = scrapes + 1 < budget.cheapScrapes ? scrapes + 1 : nil
      if sinceDescent == nil { patience = budget.cheapScrapes }
    }
    guard level > 0 else { return nil }
    cheap = hasRoomBelow(cost) ? cheap + 1 : 0
    return cheap >= patience ? descend() : nil
  }

  private mutating func climb(_ reason: String) -> Change? {
    slow = 0
    guard level < ladder.count - 1 else { return nil }
    if sinceDescent != nil {
      patience = min(patience * 2, budget.cheapScrapes * 16)
      sinceDescent = nil
    }
    level += 1
    // The scrape after a change is made, so that its effect is known soon.
    scheduled = 0
    return Change(from: level - 1, to: level, reason: reason)
  }

  private mutating func descend() -> Change {
    cheap = 0
    level -= 1
    scheduled = 0
    sinceDescent = 0
    return Change(from: level + 1, to: level, reason: nil)
  }

  /// What of `cost`, spread over `every` intervals, is over the budget. Size is certain at once,
  /// time only when it repeats.
  private func excess(of cost: Cost, every: Int) -> (reason: String, isCertain: Bool)? {
    switch cost.excess {
    case .time: return ("the scrape timed out", true)
    case .size: return ("the body is over the limit of the scrape", true)
    case nil: break
    }
    let share = cost.duration / (interval * Double(every))
    if cost.bodyBytes / every > budget.bodyBytes {
      return ("a body of \(cost.bodyBytes) bytes is over the budget of \(budget.bodyBytes)", true)
    }
    if cost.samples / every > budget.samples {
      return ("\(cost.samples) samples are over the budget of \(budget.samples)", true)
    }
    if share > budget.durationShare {
      let percent = { (part: Double) in Int((min(part, 1e6) * 100).rounded()) }
      let reason = "scrapes take \(percent(share)) % of their interval, over \(percent(budget.durationShare)) %"
      return (reason, false)
    }
    return nil
  }

  /// Whether the step below would likely stay within the budget. How much more a wider question
  /// costs is not known; half the budget is kept for it.
  private func hasRoomBelow(_ cost: Cost) -> Bool {
    let below = ladder[level - 1]
    let factor = below.families == ladder[level].families ? 0.8 : 0.5
    let every = Double(below.every)
    return cost.duration / (interval * every) <= budget.durationShare * factor
      && Double(cost.bodyBytes) / every <= Double(budget.bodyBytes) * factor
      && Double(cost.samples) / every <= Double(budget.samples) * factor
  }

  /// Whether a family has a series per channel or connection, or walks every queue's internals.
  private static func isCostly(_ family: String) -> Bool {
    family == "queue_metrics" || family == "ra_metrics" || family.hasPrefix("channel_")
      || family.hasPrefix("connection_")
  }

  private static func coarse(of families: [String]) -> [String] {
    families.filter { coarseFamilies.contains($0) }
  }
}
