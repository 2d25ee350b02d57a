/// When to ask a server again that does not answer; a pure state machine.
public struct RetryBackoff: Sendable {
  /// The first pause, in milliseconds; it doubles with each further failure.
  public var firstPause: Int64 = 1000
  /// The longest pause, in milliseconds, unless the server itself asks for a longer one.
  public var longestPause: Int64 = 60_000
  /// The longest pause that a server may ask for.
  public var longestRequestedPause: Int64 = 600_000
  /// How long nothing but failures is endured, in milliseconds; `.max` for as long as it takes.
  public var patience: Int64 = 3_600_000

  private var failures: Int64 = 0
  private var failingSince: Int64?
  /// Nothing is asked before this time, in UTC milliseconds.
  public private(set) var resumeAt: Int64 = .min

  public init(firstPause: Int64 = 1000, longestPause: Int64 = 60_000, patience: Int64 = 3_600_000) {
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.patience = patience
  }

  public var isFailing: Bool { failures > 0 }

  public mutating func succeeded() {
    failures = 0
    failingSince = nil
  }

  /// Takes note of a failure; false if it is time to give up.
  ///
  /// Requests that failed together count once.
  ///
  /// - Parameter pause: what the server asks for, in milliseconds.
  public mutating func failed(at now: Int64, pause requested: Int64?) -> Bool {
    let since = failingSince ?? now
    failingSince = since
    if now >= resumeAt || failures == 0 {
      failures += 1
      let pause = min(longestPause, firstPause << min(failures - 1, 20))
      resumeAt = now + max(pause, min(requested ?? 0, longestRequestedPause))
    } else if let requested {
      resumeAt = max(resumeAt, now + min(requested, longestRequestedPause))
    }
    return now - since < patience
  }
}
