import Logging
import Rules
import SeriesStore
import ServiceLifecycle
import TimeSeries

/// Holds the store to its bounds once a minute.
struct StoreKeeper: Service {
  let store: SeriesStore
  let time: any TimeSource

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await time.sleep(until: time.now() + 60_000)
        store.enforceRetention(now: time.now())
      }
    }
  }
}

/// Says in the log when the store's file cannot be written any more, and when it can again.
struct StoreWatch: Service {
  let store: SeriesStore
  let log: Logger
  /// From one look to the next.
  var pause: Duration = .seconds(5)

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var isWritten = true
      while true {
        switch store.condition {
        case .degraded(let reason) where isWritten:
          isWritten = false
          log.error(
            "the store cannot be written: what comes in is kept in memory only", metadata: ["error": "\(reason)"])
        case .accepting where !isWritten:
          isWritten = true
          log.notice("the store is written again, with all that memory has")
        default: break
        }
        try await Task.sleep(for: pause)
      }
    }
  }
}

/// Writes everything down when all others have stopped: what rules know, then the store itself.
struct StoreCloser: Service {
  let store: SeriesStore
  let rules: RuleManager
  let log: Logger

  func run() async throws {
    try? await gracefulShutdown()
    await rules.save()
    await store.close()
    if case .degraded(let reason) = store.condition {
      log.error("what came since the store could not be written is lost", metadata: ["error": "\(reason)"])
    }
  }
}

/// Lets rules keep alerts and models in the store's file.
struct StoreStateKeeper: StateKeeper {
  let store: SeriesStore

  func saveState(_ bytes: [UInt8], forKey key: String) throws { try store.saveState(bytes, forKey: key) }
  func state(forKey key: String) throws -> [UInt8]? { try store.state(forKey: key) }
  func removeState(forKey key: String) throws { try store.removeState(forKey: key) }
  func stateKeys(prefix: String) throws -> [String] { try store.stateKeys(prefix: prefix) }
}
