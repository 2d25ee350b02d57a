import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Slow work on a thread of its own, at the lowest priority and within a share of one core.
///
/// Training takes seconds; on the threads of the concurrency runtime it would hold up everything else.
public enum BackgroundTraining {
  /// Runs work that asks `shouldGoOn` every so often, for instance after each batch of ``LSTMForecaster``.
  ///
  /// The question pauses the thread until the CPU time used so far is no more than the share of the time passed, and is
  /// answered with false once the task is cancelled. The end of the work is held back likewise, so that one call after
  /// another keeps to the share, also where work rarely asks.
  ///
  /// - Parameter share: of one core, above 0 and at most 1.
  public static func run<Result: Sendable>(
    share: Double, _ work: @escaping @Sendable (_ shouldGoOn: () -> Bool) -> Result
  ) async -> Result {
    let isCancelled = Flag()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        start {
          lowerPriority()
          let pace = TrainingPace(share: share, used: seconds(CLOCK_THREAD_CPUTIME_ID), at: seconds(CLOCK_MONOTONIC))
          func rest() -> Bool {
            while !isCancelled.isRaised {
              let pause = pace.pause(used: seconds(CLOCK_THREAD_CPUTIME_ID), at: seconds(CLOCK_MONOTONIC))
              if pause <= 0 { return true }
              sleep(seconds: pause)
            }
            return false
          }
          let result = work(rest)
          _ = rest()
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      isCancelled.raise()
    }
  }

  private final class Flag: Sendable {
    private let value = Mutex(false)
    var isRaised: Bool { value.withLock { $0 } }
    func raise() { value.withLock { $0 = true } }
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread; without one to be had, the work is done here.
  private static func start(_ body: @escaping @Sendable () -> Void) {
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t(bitPattern: 0)
    let status = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, work.toOpaque())
    if status == 0 { pthread_detach(thread) } else { work.takeRetainedValue().body() }
  }

  private static func lowerPriority() {
    #if canImport(Glibc)
      // On Linux this speaks of the calling thread alone.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    #endif
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Sleeps a fifth of a second at most, so that a cancelled task does not wait long.
  private static func sleep(seconds: Double) { usleep(UInt32(min(0.2, seconds) * 1_000_000)) }
}

/// How long work must pause to keep to its share of a core.
struct TrainingPace {
  let share: Double
  private let began: (used: Double, at: Double)

  /// - Parameters:
  ///   - used: the CPU seconds used when counting begins.
  ///   - at: the time then, in seconds.
  init(share: Double, used: Double = 0, at: Double) {
    self.share = min(1, max(0.001, share))
    began = (used, at)
  }

  /// The seconds to pause after `used` CPU seconds at the time `at`.
  func pause(used: Double, at: Double) -> Double {
    max(0, (used - began.used) / share - (at - began.at))
  }
}
