#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the time comes from: the system, a replay that runs faster, or a test.
public protocol TimeSource: Sendable {
  /// UTC milliseconds since 1970-01-01.
  func now() -> Int64

  /// Returns once ``now()`` has reached `deadline`.
  ///
  /// - Throws: `CancellationError` if the task is cancelled first.
  func sleep(until deadline: Int64) async throws
}

/// The system's clock.
public struct SystemTime: TimeSource {
  public init() {}

  public func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  public func sleep(until deadline: Int64) async throws {
    let wait = deadline - now()
    if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) } else { try Task.checkCancellation() }
  }
}

/// A clock that starts in the past, runs `speed` times as fast as the system's until it has caught
/// up with it, and from then on is the system's clock.
public struct CatchingUpTime: TimeSource {
  private let system = SystemTime()
  private let realStart: Int64
  private let lag: Int64
  private let speed: Double

  /// - Parameters:
  ///   - lag: how far in the past the clock starts, in milliseconds.
  ///   - speed: how many milliseconds pass in one real millisecond while catching up; over 1.
  public init(lag: Int64, speed: Double) {
    precondition(speed > 1, "a clock that does not run faster never catches up")
    realStart = system.now()
    self.lag = lag
    self.speed = speed
  }

  /// Whether the clock has caught up with the system's.
  public var hasCaughtUp: Bool { now() >= system.now() }

  public func now() -> Int64 {
    let real = system.now()
    let replayed = realStart - lag + Int64(Double(real - realStart) * speed)
    return min(replayed, real)
  }

  public func sleep(until deadline: Int64) async throws {
    while true {
      let missing = deadline - now()
      if missing <= 0 { return try Task.checkCancellation() }
      let factor = hasCaughtUp ? 1 : speed
      try await Task.sleep(for: .microseconds(Int64((Double(missing) * 1000 / factor).rounded(.up)) + 1))
    }
  }
}
