import Foundation
import Synchronization

/// A small helper process that stops what a test run started, should the run itself end without doing so.
///
/// It reads from a pipe what there is to stop. However the test process ends, the pipe ends too.
enum Reaper {
  private static let pipeEnd = Mutex<Int32?>(nil)

  /// Tells the reaper to stop a process group or a cluster at the end: `+group 17`, `+cluster c1`;
  /// or no longer to: `-group 17`.
  static func note(_ line: String) {
    pipeEnd.withLock { end in
      if end == nil { end = start() }
      guard let end else { return }
      let bytes = Array((line + "\n").utf8)
      // A pipe takes so short a line whole. Should the reaper have died, tests go on without it.
      _ = bytes.withUnsafeBytes { Glibc.write(end, $0.baseAddress, $0.count) }
    }
  }

  private static func start() -> Int32? {
    // Writing to a reaper that has died must not end the process.
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var spawn = Spawn(program: "bash", arguments: [SupportScripts.path("reaper")])
    spawn.inputDescriptor = ends[0]
    spawn.newSession = true
    let started = try? spawn.run()
    close(ends[0])
    if started == nil {
      close(ends[1])
      return nil
    }
    return ends[1]
  }
}
