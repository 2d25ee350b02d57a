/// When to ask a source again that does not answer; a pure state machine.
struct BackfillBackoff: Sendable {
  /// The longest pause, in milliseconds, unless the source itself asks for a longer one.
  static let longestPause: Int64 = 60_000
  /// The longest pause that a source may ask for.
  static let longestRequestedPause: Int64 = 600_000
  /// How long nothing but failures is endured, in milliseconds.
  static let patience: Int64 = 3_600_000

  private var failures: Int64 = 0
  private var failingSince: Int64?
  /// Nothing is asked before this time, in UTC milliseconds.
  private(set) var resumeAt: Int64 = .min

  var isFailing: Bool { failures > 0 }

  mutating func succeeded() {
    failures = 0
    failingSince = nil
  }

  /// Takes note of a failure; false if it is time to give up.
  ///
  /// Requests that failed together count once.
  ///
  /// - Parameter pause: what the source asks for, in milliseconds.
  mutating func failed(at now: Int64, pause requested: Int64?) -> Bool {
    let since = failingSince ?? now
    failingSince = since
    if now >= resumeAt || failures == 0 {
      failures += 1
      let pause = min(Self.longestPause, 1000 << min(failures - 1, 6))
      resumeAt = now + max(pause, min(requested ?? 0, Self.longestRequestedPause))
    } else if let requested {
      resumeAt = max(resumeAt, now + min(requested, Self.longestRequestedPause))
    }
    return now - since < Self.patience
  }
}
