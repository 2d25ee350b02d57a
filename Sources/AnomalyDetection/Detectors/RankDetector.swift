/// Detectors that rest on the order of the last values: about a day of them, a thousand at most.
struct RankDetector: StreamDetector {
  enum Rule: Sendable {
    /// Tukey's fences: 1.5 interquartile ranges beyond the quartiles (J. W. Tukey, "Exploratory Data Analysis", 1977).
    case interquartileRange
    /// The modified z-score 0.6745·(x − median)/MAD, line 3.5 (B. Iglewicz, D. C. Hoaglin, 1993).
    case medianDeviation
    /// The band between the 0.5% and the 99.5% quantile.
    case quantile
  }

  private static let leastCount = 30
  private let rule: Rule
  private var window: SortedWindow

  init(_ rule: Rule, window: Int) {
    self.rule = rule
    self.window = SortedWindow(capacity: window)
  }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    defer { window.add(value) }
    guard window.count >= Self.leastCount else { return AnomalyDetector.Reading() }
    let (low, high, lowInner, highInner): (Double, Double, Double, Double)
    switch rule {
    case .interquartileRange:
      lowInner = window.quantile(0.25)
      highInner = window.quantile(0.75)
      low = lowInner - 1.5 * (highInner - lowInner)
      high = highInner + 1.5 * (highInner - lowInner)
    case .medianDeviation:
      lowInner = window.quantile(0.5)
      highInner = lowInner
      low = lowInner - 3.5 / 0.6745 * window.medianDeviation
      high = 2 * lowInner - low
    case .quantile:
      lowInner = window.quantile(0.5)
      highInner = lowInner
      low = window.quantile(0.005)
      high = window.quantile(0.995)
    }
    return .outside(value, lowInner, highInner, low, high)
  }

  func save(to writer: inout StateWriter) { window.save(to: &writer) }
  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) { try window.restore(from: &reader) }
}

extension AnomalyDetector.Reading {
  /// A score that is 0 between the inner bounds, 1 at the outer ones and grows on in proportion. Where they coincide,
  /// as with constant values, whatever lies outside gets 10.
  static func outside(
    _ value: Double, _ lowInner: Double, _ highInner: Double, _ low: Double, _ high: Double
  ) -> AnomalyDetector.Reading {
    var score = 0.0
    var side: AnomalyVerdict.Side?
    if value > highInner {
      score = (value - highInner) / (high - highInner)
      side = .above
    } else if value < lowInner {
      score = (lowInner - value) / (lowInner - low)
      side = .below
    }
    return AnomalyDetector.Reading(score: score, direction: score >= 1 ? side : nil, low: low, high: high)
  }
}
