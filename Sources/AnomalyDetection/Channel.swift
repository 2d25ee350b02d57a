#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One way in which a signal can be unusual, with a tail of its own; the raw value is its place among the tails.
enum Channel: Int, CaseIterable, Sendable {
  case jumpUp, jumpDown, value, level, season, restlessness, unrest, drift

  /// Whether it is silent about one side, so that it need not be asked when that side does not count.
  var isOneSided: Bool { self == .jumpUp || self == .jumpDown }

  /// Whether it looks longer at what another channel looks at, so that it is no chance of a false alarm of its own.
  var isLongView: Bool { self == .unrest || self == .drift }

  /// Whether what it sees lies on no side of the expected range.
  var hasNoSide: Bool { self == .restlessness || self == .unrest }

  var reason: AnomalyVerdict.Reason {
    switch self {
    case .jumpUp, .jumpDown: .jump
    case .value, .level: .level
    case .season: .season
    case .restlessness, .unrest: .restlessness
    case .drift: .drift
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
  /// The least logarithm of each kind of channel: jump, level, season, restlessness, drift; the rest stays 0.
  private var kinds = SIMD8<Double>(repeating: 0)
  /// That of standing still, which nothing else can confirm.
  private var stillness = 0.0

  private static let kindCount = 5
  /// How much of the next kind's evidence counts, and what is left of the whole so that the budget holds.
  private static let agreement = 0.4
  private static let remainder = 0.685
  /// What is left of a season's evidence alone: being late or early often shows in nothing else.
  private static let seasonAlone = 0.9

  /// The logarithm of the rate when kinds that agree strengthen one another.
  ///
  /// An incident mostly moves the value, its level and its restlessness together, while noise moves one of them: the
  /// sum gives the second kind 0.4 of its weight, the third 0.16 and so on, and a kind alone has to be the more unusual.
  var agreedLogRate: Double {
    var rest = kinds
    var total = 0.0
    var weight = Self.remainder
    for _ in 0..<Self.kindCount {
      let least = rest.min()
      guard least < 0 else { break }
      total += weight * least
      weight *= Self.agreement
      for index in 0..<Self.kindCount where rest[index] == least {
        rest[index] = 0
        break
      }
    }
    return min(total, stillness, Self.seasonAlone * kinds[2])
  }

  /// Takes one more channel's answer into account.
  ///
  /// - Parameter isLongView: whether it only looks longer at what was counted already.
  mutating func weigh(
    _ logRate: Double, _ reason: AnomalyVerdict.Reason, _ side: AnomalyVerdict.Side?, isLongView: Bool = false
  ) {
    if !isLongView { channels += 1 }
    if reason == .flatline {
      stillness = min(stillness, logRate)
    } else {
      kinds[reason.kind] = min(kinds[reason.kind], logRate)
    }
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

extension AnomalyVerdict.Reason {
  /// Its place among the kinds of evidence that can agree.
  fileprivate var kind: Int {
    switch self {
    case .jump, .firstChange: 0
    case .level: 1
    case .season: 2
    case .restlessness, .flatline: 3
    case .drift: 4
    }
  }
}
