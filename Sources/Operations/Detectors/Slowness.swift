/// How much slower than usual commits and scrapes are, collected over time.
struct Slowness: Sendable {
  /// Commits below this are quick whatever is usual, in seconds; scrapes likewise.
  private static let quickCommit = 0.0025
  private static let quickScrape = 0.02
  /// How many of the newest ticks do not belong to what is usual.
  private static let skipped = 40
  /// How many ticks are watched before anything is called unusual.
  private static let warmUp = 60

  private(set) var commit = SignalTrack()
  private(set) var scrape = SignalTrack()
  private var test: SequentialTest
  private var ticks = 0

  init(allowance: Double, limit: Double) { test = SequentialTest(allowance: allowance, limit: limit) }

  var isShown: Bool { test.isShown && (isCommitSlow || isScrapeSlow) }
  private var isCommitSlow: Bool { (commit.median(last: 8) ?? 0) >= max(0.02, 3 * (usualCommit ?? .infinity)) }
  private var isScrapeSlow: Bool { (scrape.median(last: 8) ?? 0) >= max(0.15, 3 * (usualScrape ?? .infinity)) }
  var usualCommit: Double? { commit.baseline(skipping: Self.skipped) }
  var usualScrape: Double? { scrape.baseline(skipping: Self.skipped) }

  /// Takes what was measured at `time`, in seconds.
  ///
  /// - Parameter processor: the processor time over what the traffic should cost: little of it is further evidence,
  ///   while a busy neighbour makes a node slow for moments and leaves it its due.
  mutating func append(commit: Double, scrape: Double, processor: Double?, at time: Double) {
    self.commit.append(commit, at: time)
    self.scrape.append(scrape, at: time)
    ticks = min(ticks + 1, Self.warmUp)
    guard ticks == Self.warmUp, let usualCommit, let usualScrape else { return }
    func excess(_ value: Double, _ usual: Double, _ quick: Double) -> Double {
      min(3.4, (max(value, 1e-9) / max(usual, quick)).logarithm)
    }
    let commits = excess(commit, usualCommit, Self.quickCommit)
    let scrapes = excess(scrape, usualScrape, Self.quickScrape)
    var evidence = max(0.5 * (commits + scrapes), 0.6 * commits)
    if let processor, evidence > 0 { evidence += 1.5 * min(1, max(0, -max(processor, 1e-9).logarithm)) }
    test.append(evidence)
  }
}
