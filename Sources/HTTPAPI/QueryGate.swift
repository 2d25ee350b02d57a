import Synchronization

/// Lets a number of queries run at once; the others wait their turn, first come, first served, as in Prometheus.
final class QueryGate: Sendable {
  private struct Waiting {
    let ticket: Int
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var free: Int
    var tickets = 0
    var waiting: [Waiting] = []
  }

  private let state: Mutex<State>

  /// - Parameter limit: How many may be inside at once; at least one.
  init(limit: Int) { state = Mutex(State(free: max(1, limit))) }

  /// Waits for a place, which ``leave()`` gives back.
  ///
  /// - Parameter timeout: How long to wait at most, in milliseconds; 0 for as long as it takes.
  /// - Throws: ``APIError`` in Prometheus's words if no place came free in time, or the task was cancelled.
  func enter(within timeout: Int64) async throws(APIError) {
    let isInside = state.withLock { state in
      guard state.free > 0 else { return false }
      state.free -= 1
      return true
    }
    if isInside { return }
    let hasEntered = await withTaskGroup(of: Bool.self) { group in
      group.addTask { await self.waitForPlace() }
      if timeout > 0 {
        group.addTask {
          try? await Task.sleep(for: .milliseconds(timeout))
          return false
        }
      }
      // A place that came free in the moment the time was up is taken all the same.
      var hasEntered = false
      for await outcome in group {
        hasEntered = hasEntered || outcome
        group.cancelAll()
      }
      return hasEntered
    }
    if hasEntered { return }
    throw Task.isCancelled
      ? APIError(.canceled, "query was canceled in query queue") : APIError(.timeout, "query timed out in query queue")
  }

  /// Gives the place back: to the one that waited longest, if any does.
  func leave() {
    let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
      state.free += 1
      return nil
    }
    next?.resume(returning: true)
  }

  /// Whether a place was given before the task was cancelled.
  private func waitForPlace() async -> Bool {
    let ticket = state.withLock { state in
      state.tickets += 1
      return state.tickets
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Cancellation that comes after this look finds the ticket in the queue: its handler needs the same lock.
        let outcome: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiting.append(Waiting(ticket: ticket, continuation: continuation))
          return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      let given: CheckedContinuation<Bool, Never>? = state.withLock { state in
        guard let place = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return state.waiting.remove(at: place).continuation
      }
      given?.resume(returning: false)
    }
  }
}
