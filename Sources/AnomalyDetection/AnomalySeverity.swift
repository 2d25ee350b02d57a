/// How bad the evidence of several detectors is together, from 0 to 10.
///
/// Evidence of the named detectors counts from their own decision line on, one to three points each, weighted by how
/// telling its sort is: statistical 0.3, machine-learned 0.5, pattern 0.7. The calibrated score of `auto`, whose line is
/// crossed as seldom as the budget says, counts two points a multiple: 1.0 alone is information, 2.0 a warning, 3.5
/// critical. The sum is cut off at 10.
public struct AnomalySeverity: Sendable, Hashable {
  /// The level of an alert: information from 2, a warning from 4, critical from 7.
  public enum Level: String, Sendable, Hashable {
    case none, info, warning, critical
  }

  /// What one detector says.
  public struct Evidence: Sendable, Hashable {
    /// The detector's name, `auto` for the calibrated score.
    public var detector: String
    public var family: EvidenceFamily
    public var isCalibrated: Bool
    /// 1.0 is the detector's line.
    public var score: Double

    public init(detector: String, family: EvidenceFamily, isCalibrated: Bool, score: Double) {
      self.detector = detector
      self.family = family
      self.isCalibrated = isCalibrated
      self.score = score
    }

    /// What it adds to the severity.
    public var points: Double {
      guard score >= 1 else { return 0 }
      if isCalibrated { return AnomalySeverity.calibratedPoints * score }
      return family.weight * min(score, AnomalySeverity.largestSeverity)
    }
  }

  static let calibratedPoints = 2.0
  static let largestSeverity = 3.0

  /// 0...10.
  public let score: Double
  /// The detectors beyond their lines, the weightiest first.
  public let evidence: [Evidence]

  /// The severity of all `evidence` together.
  public init(_ evidence: [Evidence]) {
    self.evidence = evidence.filter { $0.points > 0 }.sorted {
      $0.points == $1.points ? $0.detector < $1.detector : $0.points > $1.points
    }
    var total = 0.0
    for one in self.evidence { total += one.points }
    score = min(total, 10)
  }

  public var level: Level {
    switch score {
    case ..<2: .none
    case ..<4: .info
    case ..<7: .warning
    default: .critical
    }
  }

  /// How many detectors of a family are beyond their lines.
  public func count(_ family: EvidenceFamily) -> Int { evidence.count { $0.family == family } }
}

extension EvidenceFamily {
  /// How telling one piece of evidence of this sort is.
  public var weight: Double {
    switch self {
    case .statistical: 0.3
    case .machineLearned: 0.5
    case .pattern: 0.7
    }
  }
}

extension AnomalyVerdict.Reason {
  /// What sort of evidence a calibrated score rests on.
  public var family: EvidenceFamily {
    switch self {
    case .jump, .level, .season, .drift, .record: .statistical
    case .restlessness, .flatline, .firstChange, .silence: .pattern
    }
  }
}
