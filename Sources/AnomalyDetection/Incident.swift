/// One stretch of alarm: said once when it starts and again when it has become clearly worse.
struct Incident: Sendable, Hashable {
  /// How much higher than the score last alerted a score must be to alert again.
  private static let worseFactor = 1.5
  private static let worseOffset = 0.5
  /// Milliseconds after an alert within which a higher score belongs to it.
  private static let onset = 900_000.0

  /// Milliseconds after an alert within which a new incident alerts only if it is worse than what was told.
  private let restTime: Double

  /// The timestamp of the sample that started it; nil while there is none.
  private(set) var since: Int64?
  private var lastHigh: Int64 = 0
  private var lastAlert: Int64?
  /// The highest score that the alerts so far stand for.
  private var alertedScore = 0.0

  init(restTime: Double = 0) { self.restTime = restTime }

  /// Whether there is one that started less than `limit` milliseconds before `timestamp`.
  func isYoung(at timestamp: Int64, within limit: Double) -> Bool {
    guard let since else { return false }
    return Double(timestamp) - Double(since) < limit
  }

  /// Takes the next score; returns whether it is worth an alert. It is over once `quietTime` milliseconds have passed
  /// without a score of 1.0.
  mutating func add(_ score: Double, at timestamp: Int64, quietTime: Double) -> Bool {
    if since != nil, Double(timestamp) - Double(lastHigh) > quietTime { since = nil }
    guard score >= 1 else { return false }
    lastHigh = timestamp
    let isWorse = score > Self.worseFactor * alertedScore + Self.worseOffset
    if since == nil {
      since = timestamp
      if let lastAlert, Double(timestamp) - Double(lastAlert) < restTime, score < alertedScore { return false }
    } else if let lastAlert, Double(timestamp) - Double(lastAlert) < Self.onset {
      alertedScore = max(alertedScore, score)
      return false
    } else if !isWorse {
      return false
    }
    lastAlert = timestamp
    alertedScore = score
    return true
  }
}

extension Incident {
  func save(to writer: inout StateWriter) {
    writer.write(since != nil)
    writer.write(since ?? 0)
    writer.write(lastHigh)
    writer.write(lastAlert != nil)
    writer.write(lastAlert ?? 0)
    writer.write(alertedScore)
  }

  init(from reader: inout StateReader, restTime: Double) throws(AnomalyStateError) {
    self.restTime = restTime
    let isUnderWay = try reader.readBool("incident")
    let start: Int64 = try reader.read()
    since = isUnderWay ? start : nil
    lastHigh = try reader.read()
    let hasAlerted = try reader.readBool("alerted")
    let alert: Int64 = try reader.read()
    lastAlert = hasAlerted ? alert : nil
    alertedScore = try reader.readFinite("alerted score", atLeast: 0)
  }
}
