import Synchronization
import TimeSeries

/// A clock that stands still until a test moves it.
///
/// A task that sleeps on it wakes when the test has moved it to the deadline; no real time passes.
public final class ManualTime: TimeSource {
  private struct Sleeper {
    var deadline: Int64
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Int64
    var nextID = 0
    var sleepers: [Int: Sleeper] = [:]
    /// Sleeps that were cancelled before they had begun.
    var cancelled: Set<Int> = []
  }

  private let state: Mutex<State>

  /// Makes a clock that shows `now`, in UTC milliseconds.
  public init(_ now: Int64 = 0) {
    state = Mutex(State(now: now))
  }

  public func now() -> Int64 { state.withLock { $0.now } }

  public func sleep(until deadline: Int64) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          if deadline <= state.now { return .success(()) }
          state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        let sleeper = state.sleepers.removeValue(forKey: id)
        if sleeper == nil { state.cancelled.insert(id) }
        return sleeper
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
    state.withLock { _ = $0.cancelled.remove(id) }
    try Task.checkCancellation()
  }

  /// How many tasks sleep on the clock at this moment.
  public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  /// The earliest time for which a task waits, or nil.
  public var nextDeadline: Int64? { state.withLock { $0.sleepers.values.map(\.deadline).min() } }

  /// Moves the clock by `milliseconds` in one jump and wakes every sleeper that is due.
  public func advance(by milliseconds: Int64) {
    advance(to: now() + milliseconds)
  }

  /// Moves the clock to `time` in one jump and wakes every sleeper that is due, in the order of
  /// their deadlines. A time in the past changes nothing.
  public func advance(to time: Int64) {
    let due = state.withLock { state in
      state.now = max(state.now, time)
      let due = state.sleepers.filter { $0.value.deadline <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.sorted { $0.deadline < $1.deadline }
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Moves the clock by `milliseconds` from deadline to deadline, and waits at each until
  /// `sleepers` tasks sleep again, so that a loop runs once per period as it would in real time.
  ///
  /// - Throws: ``TimedOut`` if the tasks do not go back to sleep within ten real seconds.
  public func run(for milliseconds: Int64, sleepers: Int = 1) async throws {
    let end = now() + milliseconds
    while true {
      try await waitForSleepers(sleepers)
      guard let next = nextDeadline, next <= end else { break }
      advance(to: next)
    }
    advance(to: end)
  }

  /// Returns once at least `count` tasks sleep on the clock.
  ///
  /// - Throws: ``TimedOut`` after ten real seconds.
  public func waitForSleepers(_ count: Int = 1) async throws {
    try await eventually("\(count) tasks sleep", poll: .milliseconds(1)) { sleeperCount >= count }
  }
}
