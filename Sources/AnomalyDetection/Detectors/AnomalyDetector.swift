/// A named detector with its stock decision line, for those who want one method and its own rule.
///
/// The score is 1.0 at that line: three standard deviations, one and a half interquartile ranges, and so on. Unlike the
/// score of ``AnomalyScorer`` it is not calibrated to a budget of false alarms: on real telemetry most of these lines
/// are crossed several times a day. Scoring is causal: a value is judged by what came before it, then learned.
public struct AnomalyDetector: Sendable {
  /// The detectors there are, by the names that rule files use.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case zScore = "z_score"
    case interquartileRange = "iqr"
    case medianDeviation = "mad"
    case quantile
    case timeOfDay = "time_of_day"
    case likelihood
    case isolationForest = "isolation_forest"
    case oneClassSVM = "one_class_svm"
    case dbscan
    case halfSpaceTrees = "half_space_trees"
    case matrixProfile = "matrix_profile"
    case levelShift = "level_shift"
    case varianceShift = "variance_shift"
    case flatline
    case staleness

    /// Whether it gives neither a score nor a band while a signal moves and comes as it should.
    var isQuietWhileAllIsWell: Bool { self == .flatline || self == .staleness }

    /// What sort of evidence it gives.
    public var family: EvidenceFamily {
      switch self {
      case .zScore, .interquartileRange, .medianDeviation, .quantile, .timeOfDay, .likelihood: .statistical
      case .isolationForest, .oneClassSVM, .dbscan, .halfSpaceTrees: .machineLearned
      case .matrixProfile, .levelShift, .varianceShift, .flatline, .staleness: .pattern
      }
    }
  }

  /// What a detector says about one value.
  public struct Reading: Sendable, Hashable {
    /// 1.0 is the detector's own decision line; 0...10.
    public var score = 0.0
    /// Which way the value lies, where the detector can tell.
    public var direction: AnomalyVerdict.Side?
    /// The bounds within which the value would not have been remarkable; NaN where the detector has none.
    public var expectedLow = Double.nan
    public var expectedHigh = Double.nan

    public init() {}

    init(score: Double, direction: AnomalyVerdict.Side? = nil, low: Double = .nan, high: Double = .nan) {
      self.score = score.isNaN ? 0 : min(max(score, 0), 10)
      self.direction = direction
      expectedLow = low
      expectedHigh = high
    }
  }

  public let kind: Kind
  private var base: any StreamDetector
  private var newest: Int64?
  private var last = Reading()
  /// Nothing that is measured is larger; squares of squares of it are still numbers, so that one absurd value spoils no mean.
  private static let largestValue = 1e30

  /// A detector that has seen nothing.
  ///
  /// - Parameters:
  ///   - step: milliseconds between two values.
  ///   - timeZoneOffset: milliseconds that local time is ahead of UTC.
  public init(_ kind: Kind, step: Int64, timeZoneOffset: Int64 = 0) {
    self.kind = kind
    let day = Int(min(max(86_400_000 / max(step, 1), 200), 2000))
    base =
      switch kind {
      case .zScore: ZScoreDetector(span: day)
      case .interquartileRange: RankDetector(.interquartileRange, window: min(day, 1000))
      case .medianDeviation: RankDetector(.medianDeviation, window: min(day, 1000))
      case .quantile: RankDetector(.quantile, window: min(day, 1000))
      case .timeOfDay: TimeOfDayDetector(step: step, offset: timeZoneOffset)
      case .likelihood: LikelihoodDetector(span: day)
      case .isolationForest: RefittedDetector(.isolationForest)
      case .oneClassSVM: RefittedDetector(.oneClassSVM)
      case .dbscan: RefittedDetector(.dbscan)
      case .halfSpaceTrees: HalfSpaceTreesDetector()
      case .matrixProfile: MatrixProfileDetector()
      case .levelShift: LevelShiftDetector(span: day)
      case .varianceShift: VarianceShiftDetector(span: day)
      case .flatline: FlatlineDetector()
      case .staleness: StalenessDetector(step: step)
      }
  }

  /// Scores `value` at `timestamp` (UTC milliseconds), then learns it. What is late or not finite is ignored and the
  /// last reading repeated.
  public mutating func score(_ value: Double, at timestamp: Int64) -> Reading {
    if let newest, timestamp <= newest { return last }
    guard value.isFinite else { return last }
    newest = timestamp
    last = base.take(min(max(value, -Self.largestValue), Self.largestValue), at: timestamp)
    return last
  }

  /// What the detector says of the time from the newest value up to `timestamp`, without one; nil unless it is for that.
  public func silence(at timestamp: Int64) -> Reading? { base.silence(at: timestamp) }
}

/// The three sorts of evidence that severity is made of.
public enum EvidenceFamily: String, Sendable, Hashable, CaseIterable {
  case statistical
  case machineLearned = "machine_learned"
  case pattern
}

/// One method behind ``AnomalyDetector``.
protocol StreamDetector: Sendable {
  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading
  func silence(at timestamp: Int64) -> AnomalyDetector.Reading?
  func save(to writer: inout StateWriter)
  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError)
}

extension StreamDetector {
  func silence(at timestamp: Int64) -> AnomalyDetector.Reading? { nil }
}

// MARK: - Saved state

extension AnomalyDetector {
  /// "HADE" in little-endian order.
  private static let mark: UInt32 = 0x4544_4148
  private static let version: UInt32 = 1

  /// Everything the detector knows, as bytes: restored, it goes on bit for bit as if it had never been away.
  public func saved() -> [UInt8] {
    var writer = StateWriter()
    writer.write(Self.mark)
    writer.write(Self.version)
    writer.write(UInt8(Kind.allCases.firstIndex(of: kind) ?? 0))
    writer.write(newest != nil)
    writer.write(newest ?? 0)
    for number in [last.score, last.expectedLow, last.expectedHigh] { writer.write(number) }
    writer.write(UInt8(last.direction.map { $0 == .above ? 1 : 2 } ?? 0))
    base.save(to: &writer)
    writer.write(StateWriter.checksum(writer.bytes[...]))
    return writer.bytes
  }

  /// A detector of the same kind that goes on where the one that gave `bytes` stopped.
  ///
  /// - Throws: if the bytes are not such a state, or are damaged.
  public init(
    _ kind: Kind, step: Int64, timeZoneOffset: Int64 = 0, restoring bytes: [UInt8]
  ) throws(AnomalyStateError) {
    self.init(kind, step: step, timeZoneOffset: timeZoneOffset)
    var reader = StateReader(bytes[...])
    guard try reader.read(UInt32.self) == Self.mark else { throw .notAScorerState }
    let version = try reader.read(UInt32.self)
    guard version == Self.version else { throw .unknownVersion(version) }
    guard bytes.count >= 16 else { throw .truncated(offset: bytes.count) }
    var end = StateReader(bytes[(bytes.count - 8)...])
    guard try end.read(UInt64.self) == StateWriter.checksum(bytes[..<(bytes.count - 8)]) else { throw .damaged }
    let place = reader.offset
    let index = try reader.readCount("kind", of: UInt8.self, atMost: UInt8(Kind.allCases.count - 1))
    guard Kind.allCases[Int(index)] == kind else { throw .implausible(field: "kind", offset: place) }
    let hasNewest = try reader.readBool("newest")
    let time: Int64 = try reader.read()
    newest = hasNewest ? time : nil
    last.score = try reader.readFinite("score", atLeast: 0)
    last.expectedLow = try reader.readDouble()
    last.expectedHigh = try reader.readDouble()
    let side = try reader.readCount("direction", of: UInt8.self, atMost: 2)
    last.direction = side == 0 ? nil : side == 1 ? .above : .below
    try base.restore(from: &reader)
    guard reader.remaining == 8 else { throw .trailingBytes(reader.remaining - 8) }
  }
}
