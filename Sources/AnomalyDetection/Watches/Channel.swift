#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One way in which a signal can be unusual, with a tail of its own; the raw value is its place among the tails.
enum Channel: Int, CaseIterable, Sendable {
  case jumpUp, jumpDown, value, level, season, restlessness, unrest, drift, way, stepShare, seasonShare

  /// Whether it is silent about one side, so that it need not be asked when that side does not count.
  var isOneSided: Bool { self == .jumpUp || self == .jumpDown || isShare }

  /// Whether it looks at parts of what was expected instead of distances to it.
  private var isShare: Bool { self == .stepShare || self == .seasonShare }

  /// Whether it is another view of what another channel looks at, so that it is no chance of a false alarm of its own.
  var isOtherView: Bool { self == .unrest || self == .drift || self == .way || isShare }

  /// Whether what it sees lies on no side of the expected range.
  var hasNoSide: Bool { self == .restlessness || self == .unrest }

  var reason: AnomalyVerdict.Reason {
    switch self {
    case .jumpUp, .jumpDown, .way, .stepShare: .jump
    case .value, .level: .level
    case .season, .seasonShare: .season
    case .restlessness, .unrest: .restlessness
    case .drift: .drift
    }
  }

  var kind: Evidence.Kind {
    switch self {
    case .jumpUp, .jumpDown, .stepShare: .step
    case .value, .level, .way: .place
    case .season, .seasonShare: .season
    case .restlessness, .unrest: .surprises
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
  /// The same without what records say.
  private(set) var logRateWithoutRecords = 0.0
  /// How many channels were asked.
  var channels = 0.0
  /// The least logarithm of each kind without records; places without a kind stay 0.
  private var kinds = SIMD8<Double>(repeating: 0)
  /// What a record says, by the kind that it belongs to.
  private var records = SIMD8<Double>(repeating: 0)
  /// That of standing still, which nothing else can confirm.
  private var stillness = 0.0

  /// Sorts of evidence that can agree; the raw value is the place.
  enum Kind: Int, CaseIterable {
    case step, place, season, surprises, drift
  }

  /// How much of the next kind's evidence counts, and what is left of the whole so that the budget holds.
  private static let agreement = 0.4
  private static let remainder = 0.667
  /// What is left of a season's evidence alone: being late or early often shows in nothing else.
  private static let seasonAlone = 0.88

  /// Makes of all answers the logarithm of one rate, in which kinds that agree strengthen one another.
  ///
  /// An incident mostly moves the value, its level and its restlessness together, while noise moves one of them: the
  /// sum gives the second kind 0.4 of its weight, the third 0.16 and so on, and a kind alone has to be the more unusual.
  mutating func conclude() {
    logRateWithoutRecords = min(agreed(kinds) + logMultiplicity, 0)
    let whole = pointwiseMin(kinds, records)
    logRate = whole == kinds ? logRateWithoutRecords : min(agreed(whole) + logMultiplicity, 0)
  }

  private func agreed(_ kinds: SIMD8<Double>) -> Double {
    var rest = kinds
    var total = 0.0
    var weight = Self.remainder
    for _ in Kind.allCases {
      let least = rest.min()
      guard least < 0 else { break }
      total += weight * least
      weight *= Self.agreement
      for index in 0..<Kind.allCases.count where rest[index] == least {
        rest[index] = 0
        break
      }
    }
    return min(total, stillness, Self.seasonAlone * self.kinds[Kind.season.rawValue])
  }

  /// Takes one more channel's answer into account.
  mutating func weigh(_ logRate: Double, _ channel: Channel, _ side: AnomalyVerdict.Side?) {
    if !channel.isOtherView { channels += 1 }
    let place = channel.kind.rawValue
    kinds[place] = min(kinds[place], logRate)
    note(logRate, channel.reason, side)
  }

  /// Takes into account what a record says, which is one more view of `kind`: a value that was never seen is far from the
  /// usual one as well.
  mutating func weigh(record logRate: Double, _ kind: Kind, _ side: AnomalyVerdict.Side?) {
    records[kind.rawValue] = min(records[kind.rawValue], logRate)
    note(logRate, .record, side)
  }

  /// Takes into account how rare such a standstill is.
  mutating func weigh(stillness logRate: Double) {
    channels += 1
    stillness = min(stillness, logRate)
    note(logRate, .flatline, nil)
  }

  private mutating func note(_ logRate: Double, _ reason: AnomalyVerdict.Reason, _ side: AnomalyVerdict.Side?) {
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
