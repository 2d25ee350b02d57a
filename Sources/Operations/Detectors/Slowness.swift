/// How much slower than usual commits and scrapes are, collected over time.
struct Slowness: Sendable {
  /// What one tick says: logarithms of what was measured over what is usual.
  struct Excess: Sendable {
    var commits: Double
    var scrapes: Double
    /// Of the quickest scrape within some ticks.
    var quickest: Double
  }

  /// Commits below this are quick whatever is usual, in seconds; scrapes likewise.
  private static let quickCommit = 0.0025
  private static let quickScrape = 0.02
  private static let quickestScrape = 0.01
  /// How many of the newest ticks do not belong to what is usual.
  private static let skipped = 40
  /// How many ticks are watched before anything is called unusual.
  private let warmUp: Int

  private(set) var commit = SignalTrack()
  private(set) var scrape = SignalTrack()
  /// Logarithms of the quickest scrape within some ticks.
  ///
  /// A busy neighbour makes single scrapes slow, while others are answered at once as ever; where the nodes
  /// themselves lack processor time, not one is.
  private(set) var quickest = SignalTrack()
  private var latest: [Double] = []
  /// For how many ticks commits have said the same: a queue without traffic shows its last commit for ever.
  private var stale = 0
  private static let mostStale = 4
  private let window: Int
  private var test: SequentialTest
  private var quickestTest = SequentialTest(allowance: 1, limit: 8)
  private var ticks = 0

  /// - Parameters:
  ///   - test: collects what commits and scrapes say together.
  ///   - window: in how many ticks the quickest scrape is looked for.
  ///   - warmUp: how many ticks are watched before anything is called unusual.
  init(_ test: SequentialTest, window: Int, warmUp: Int = 60) {
    self.test = test
    self.window = window
    self.warmUp = warmUp
  }

  var isShown: Bool { isSustained || isQuickestSlow }
  /// Whether commits and scrapes as a whole are slow, and not only what is quickest.
  var isSustained: Bool { test.isShown && (isCommitSlow || isScrapeSlow) }
  private var isCommitSlow: Bool { (commit.median(last: 8) ?? 0) >= max(0.02, 3 * (usualCommit ?? .infinity)) }
  private var isScrapeSlow: Bool { (scrape.median(last: 8) ?? 0) >= max(0.15, 3 * (usualScrape ?? .infinity)) }
  /// Whether no scrape at all is as quick as usual, and commits are slow with them.
  var isQuickestSlow: Bool {
    quickestTest.isShown && (latestQuickest ?? 0) >= max(0.03, 2 * (usualQuickest ?? .infinity))
      && (commit.median(last: 8) ?? 0) >= 1.5 * (usualCommit ?? .infinity)
  }
  var usualCommit: Double? { commit.baseline(skipping: Self.skipped) }
  var usualScrape: Double? { scrape.baseline(skipping: Self.skipped) }
  var usualQuickest: Double? { quickest.baseline(skipping: Self.skipped)?.exponential }
  /// The quickest scrape of late.
  var latestQuickest: Double? { quickest.median(last: 4)?.exponential }

  /// Takes what was measured at `time`, all in seconds; returns what it says, once it is known what is usual.
  ///
  /// - Parameter quick: the quickest scrape of this tick.
  mutating func append(commit: Double, scrape: Double, quick: Double, at time: Double) -> Excess? {
    let before = self.commit.last?.mean ?? 0
    stale = abs(commit - before) > 0.02 * before ? 0 : stale + 1
    self.commit.append(commit, at: time)
    self.scrape.append(scrape, at: time)
    latest = (latest + [quick]).suffix(window)
    let least = latest.min() ?? quick
    quickest.append(max(least, 1e-9).logarithm, at: time)
    ticks = min(ticks + 1, warmUp)
    guard ticks == warmUp, let usualCommit, let usualScrape, let usualQuickest else { return nil }
    func excess(_ value: Double, _ usual: Double, _ quick: Double) -> Double {
      min(3.4, (max(value, 1e-9) / max(usual, quick)).logarithm)
    }
    let commits = excess(commit, usualCommit, Self.quickCommit)
    return Excess(
      commits: stale > Self.mostStale ? min(0, commits) : commits,
      scrapes: excess(scrape, usualScrape, Self.quickScrape),
      quickest: min(1.8, excess(least, usualQuickest, Self.quickestScrape)))
  }

  /// Judges what one tick says of all nodes.
  ///
  /// - Parameter processor: the processor time over what the traffic should cost: little of it is further evidence,
  ///   while a busy neighbour makes a node slow for moments and leaves it its due.
  mutating func judge(_ excess: Excess, processor: Double?) {
    var evidence = max(0.5 * (excess.commits + excess.scrapes), 0.6 * excess.commits)
    if let processor, evidence > 0 { evidence += 1.5 * min(1, max(0, -max(processor, 1e-9).logarithm)) }
    test.append(evidence)
    // Scrapes alone may be slow on our side.
    quickestTest.append(excess.quickest + 0.5 * min(1.5, max(-1, excess.commits)))
  }

  /// Judges what one tick says of one node beyond what it says of the others: a busy machine slows all of them.
  mutating func judge(_ excess: Excess, besides others: [Excess]) {
    func own(_ part: KeyPath<Excess, Double>) -> Double {
      max(-1, excess[keyPath: part] - max(0, SignalTrack.median(others.map { $0[keyPath: part] }) ?? 0))
    }
    let commits = own(\.commits)
    test.append(max(0.5 * (commits + own(\.quickest)), 0.7 * commits))
  }
}
