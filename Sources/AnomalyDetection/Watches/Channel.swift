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
  /// The same of the sample alone, without what records say.
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

  /// How much of the next kind's evidence counts.
  private static let agreement = 0.4
  /// How much of what the samples before said counts, the newest of them as much as all older ones together.
  private static let persistence = 0.4
  /// What is left of the whole so that the budget holds: of a sample with those before it, and of one alone.
  private static let remainder = 0.53
  private static let remainderAlone = 0.667
  /// In lines, what a sample says to those after it at most: what is far beyond the line has alerted.
  private static let mostRecent = 1.5
  /// What is left of a season's evidence alone: being late or early often shows in nothing else.
  private static let seasonAlone = 0.88

  /// Makes of all answers the logarithm of one rate, in which kinds that agree strengthen one another.
  ///
  /// An incident mostly moves the value, its level and its restlessness together, while noise moves one of them: the
  /// sum gives the second kind 0.4 of its weight, the third 0.16 and so on, and a kind alone has to be the more unusual.
  /// In the same way an incident lasts, while noise comes and goes: what the samples before said counts too.
  ///
  /// - Parameters:
  ///   - line: the logarithm of the rate at which to alert.
  ///   - recent: what the samples before said; the sample is added to it.
  mutating func conclude(line: Double, recent: inout Double) {
    logRateWithoutRecords = min(bounded(Self.remainderAlone * agreed(kinds)) + logMultiplicity, 0)
    let total = Self.remainder * agreed(pointwiseMin(kinds, records))
    logRate = min(bounded(total + Self.persistence * recent) + logMultiplicity, 0)
    recent = (recent + max(total, Self.mostRecent * line)) / 2
  }

  /// `logRate`, or what is so rare by itself that nothing need confirm it.
  private func bounded(_ logRate: Double) -> Double {
    min(logRate, stillness, Self.seasonAlone * kinds[Kind.season.rawValue])
  }

  private func agreed(_ kinds: SIMD8<Double>) -> Double {
    var rest = kinds
    var total = 0.0
    var weight = 1.0
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
    return total
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
