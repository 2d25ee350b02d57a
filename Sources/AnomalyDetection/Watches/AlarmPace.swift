#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a signal to its budget by what its own past shows.
///
/// Tails are estimates, and channels agree by chance more often on some signals than on others. So near alarms (bouts of
/// scores just below the line) are counted beside how many the budget lets expect; a signal that has had more than its share must be the
/// more unusual, one that has been silent for months may be less. The share is that of a Poisson rate under a gamma prior
/// worth ten bouts (A. Gelman et al., "Bayesian Data Analysis", section 2.6), so that one incident means little.
struct AlarmPace: Sendable, Hashable {
  /// What is counted: scores from here on.
  private static let line = 0.95
  private static let priorBouts = 10.0
  /// A bout goes on above this share of the line, so that what rises slowly is one however the line moves meanwhile.
  private static let release = 0.8
  /// Samples below that which end a bout.
  private static let boutGap = 12.0
  /// Rates of real signals fall more slowly than the tails say, by about this factor.
  private static let power = 2.5
  /// By how much, in nats, the line moves at most.
  private static let mostCorrection = 2.0
  /// What is left of the budget's logarithm at least.
  private static let leastLine = 0.5
  /// Milliseconds after which what was counted has faded to a third.
  private static let memory = 180 * 86_400_000.0

  private var bouts = 0.0
  private var expected = 0.0
  private var quiet = AlarmPace.boutGap

  /// The logarithm of the rate per sample at which to alert so that `logBudget`, below zero, is kept.
  func line(for logBudget: Double) -> Double {
    let excess = Self.power * log((bouts + Self.priorBouts) / (expected + Self.priorBouts))
    let correction = min(max(excess, -Self.mostCorrection), Self.mostCorrection)
    return min(logBudget - correction, Self.leastLine * logBudget)
  }

  /// Counts the sample with the logarithmic rate `logRate`, judged by `line`, against the budget; it stands for as many
  /// `milliseconds`.
  mutating func add(_ logRate: Double, line: Double, logBudget: Double, milliseconds: Double) {
    let keep = 1 - min(milliseconds / Self.memory, 1)
    bouts *= keep
    expected = expected * keep + exp(Self.line * logBudget)
    if logRate > Self.release * line {
      quiet += 1
    } else if logRate <= Self.line * line || quiet < Self.boutGap {
      if quiet >= Self.boutGap { bouts += 1 }
      quiet = 0
    }
  }

  func save(to writer: inout StateWriter) {
    for number in [bouts, expected, quiet] { writer.write(number) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    bouts = try reader.readFinite("bouts of alarm", atLeast: 0)
    expected = try reader.readFinite("expected bouts", atLeast: 0)
    quiet = try reader.readFinite("quiet samples", atLeast: 0)
  }
}
