import ServiceLifecycle
import UnixSignals

/// Reloads the configuration on SIGHUP.
struct ReloadOnSignal: Service {
  let sidecar: Sidecar

  func run() async throws {
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await cancelWhenGracefulShutdown {
      // A failed reload is logged and changes nothing.
      for await _ in signals { try? sidecar.reload() }
    }
  }
}
