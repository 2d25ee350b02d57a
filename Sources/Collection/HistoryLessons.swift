/// When models are to learn anew while history is fetched.
///
/// They learn once all that is fetched is there, but do not wait for sources that do not answer: what those give later is
/// learnt later.
public struct HistoryLessons: Sendable {
  /// Between two lessons lie at least this many milliseconds, since one takes much work, unless the last source is done.
  static let pause: Int64 = 600_000

  private var learnt = 0
  private var newest: Int64?

  public init() {}

  /// Whether there is something new to learn, and no more is to be expected soon; it is taken as learnt then.
  public mutating func isDue(_ progress: BackfillProgress, at now: Int64) -> Bool {
    guard progress.isSettled, progress.samples > learnt else { return false }
    if let newest, !progress.isFinished, now - newest < Self.pause { return false }
    learnt = progress.samples
    newest = now
    return true
  }
}
