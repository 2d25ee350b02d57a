/// Keeps the beginning of what may become an incident from being learned as normal.
///
/// Many incidents build up before they reach the alerting line. A signal that learned meanwhile would take what it is about to
/// alert on for its usual scatter, and the line would move away in front of it. So nothing is learned from the first
/// suspicious sample on, for an hour at most: what is no incident by then is how the signal has become. What this time of day
/// brings every day is not suspicious, or it would never be learned.
struct Suspicion: Sendable, Hashable {
  /// A score of this share of the alerting line is suspicious.
  private static let share = 0.65
  /// One hour, in milliseconds: how long learning waits, and how long it must be quiet before it may wait again.
  private static let hour = 3_600_000.0

  private var since: Int64?
  private var newest: Int64 = 0

  /// Whether what comes at `timestamp` is not to be learned.
  func isYoung(at timestamp: Int64) -> Bool {
    guard let since else { return false }
    return Double(timestamp) - Double(since) < Self.hour
  }

  /// Takes the next score, where what this time of day brought before would score `expected`.
  mutating func add(_ score: Double, expected: @autoclosure () -> Double, at timestamp: Int64) {
    if since != nil, Double(timestamp) - Double(newest) > Self.hour { since = nil }
    guard score >= Self.share, expected() < Self.share else { return }
    newest = timestamp
    since = since ?? timestamp
  }

  func save(to writer: inout StateWriter) {
    writer.write(since != nil)
    guard let since else { return }
    writer.write(since)
    writer.write(newest)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    guard try reader.readBool("suspicion") else { return }
    since = try reader.read()
    newest = try reader.read()
  }
}
