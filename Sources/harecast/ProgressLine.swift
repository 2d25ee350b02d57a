import Foundation
import ServiceLifecycle
import TimeSeries

/// Shows on one line of a terminal what is going on, once a second; silent when standard error is
/// not a terminal.
struct ProgressLine: Service {
  /// Clears what the line has drawn, so that a log message starts on a clean one.
  static let erase = isatty(STDERR_FILENO) == 1 ? "\r\u{1b}[K" : ""

  /// What to say now.
  let text: @Sendable () -> String

  func run() async throws {
    guard !Self.erase.isEmpty else { return try await gracefulShutdown() }
    try? await cancelWhenGracefulShutdown {
      while true {
        FileHandle.standardError.write(Data((Self.erase + text()).utf8))
        try await Task.sleep(for: .seconds(1))
      }
    }
    FileHandle.standardError.write(Data(Self.erase.utf8))
  }
}
