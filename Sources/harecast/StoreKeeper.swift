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

/// Writes everything down when all others have stopped: what rules know, then the store itself.
struct StoreCloser: Service {
  let store: SeriesStore
  let rules: RuleManager

  func run() async throws {
    try? await gracefulShutdown()
    await rules.save()
    await store.close()
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
