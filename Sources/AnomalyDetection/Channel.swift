#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One way in which a signal can be unusual, with a tail of its own; the raw value is its place among the tails.
enum Channel: Int, CaseIterable, Sendable {
  case jumpUp, jumpDown, value, level, season, restlessness

  /// Whether it is silent about one side, so that it need not be asked when that side does not count.
  var isOneSided: Bool { self == .jumpUp || self == .jumpDown }

  var reason: AnomalyVerdict.Reason {
    switch self {
    case .jumpUp, .jumpDown: .jump
    case .value, .level: .level
    case .season: .season
    case .restlessness: .restlessness
    }
  }
}

/// The least likely observation among the channels at one sample.
struct Evidence: Sendable {
  /// The natural logarithm of how often per sample such an observation is to be expected.
  var logRate = 0.0
  var reason: AnomalyVerdict.Reason?
  var side: AnomalyVerdict.Side?
  /// How many channels were asked.
  var channels = 0.0

  /// Takes one more channel's answer into account.
  mutating func weigh(_ logRate: Double, _ reason: AnomalyVerdict.Reason, _ side: AnomalyVerdict.Side?) {
    channels += 1
    if logRate < self.logRate {
      self.logRate = logRate
      self.reason = reason
      self.side = side
    }
  }

  /// The logarithm of the factor by which several channels cross a line more often than one.
  ///
  /// Bonferroni's correction would be their number; since one incident moves several of them, half of it is
  /// what healthy signals of all kinds show.
  var logMultiplicity: Double { channels > 2 ? log(channels / 2) : 0 }
}
