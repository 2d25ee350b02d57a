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
