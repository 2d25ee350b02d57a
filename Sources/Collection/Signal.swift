import Synchronization
import TimeSeries

/// Wakes one waiting task. A signal that is set while nobody waits is kept.
public final class Signal: Sendable {
  private struct State {
    var isSet = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  public init() {}

  /// Wakes the task that waits, or the next one that will.
  public func set() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      if state.waiter == nil { state.isSet = true }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Returns once the signal is set, and clears it; or when the task is cancelled.
  public func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isSet || Task.isCancelled {
            state.isSet = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }

  /// Waits for the signal or for a moment; true if the moment came first.
  public func waits(until deadline: Int64, _ time: any TimeSource) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { (try? await time.sleep(until: deadline)) != nil }
      group.addTask {
        await self.wait()
        return false
      }
      let isTime = await group.next() ?? false
      group.cancelAll()
      return isTime
    }
  }
}
