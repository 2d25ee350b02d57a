import Foundation
import Synchronization

/// A process that a test started, with its output in a file, that does not outlive its owner.
///
/// It leads a process group of its own; stopping it ends the whole group. That happens in
/// ``stop(grace:)``, when the object goes out of use, and when the test process ends in any way.
public final class ManagedProcess: Sendable {
  /// The error of a process that ended, or could not be used, when it should have run.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  public let pid: pid_t
  /// The file with its output; standard error is part of it unless it was kept apart.
  public let outputFile: String
  private let name: String
  private let folder: TemporaryFolder
  /// The exit code, or 128 and the signal's number; nil while the process runs.
  private let exitCode = Mutex<Int32?>(nil)

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - program: a path, or a name to look for in `PATH`.
  ///   - environment: variables to add to this process's.
  ///   - input: the bytes of its standard input.
  ///   - separateErrors: whether standard error is kept out of the output.
  /// - Throws: ``SystemCallError`` or the file system's error.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil,
    input: [UInt8]? = nil, separateErrors: Bool = false
  ) throws {
    name = program.split(separator: "/").last.map(String.init) ?? program
    folder = try TemporaryFolder()
    outputFile = "\(folder.path)/output"
    var spawn = Spawn(program: program, arguments: arguments)
    spawn.environment = environment
    spawn.directory = directory
    spawn.outputFile = outputFile
    if separateErrors { spawn.errorFile = "\(folder.path)/errors" }
    if let input {
      spawn.inputFile = "\(folder.path)/input"
      try Data(input).write(to: URL(fileURLWithPath: spawn.inputFile))
    }
    pid = try spawn.run()
    Reaper.note("+group \(pid)")
  }

  deinit {
    if status == nil { kill(-pid, SIGTERM) }
    for _ in 0..<300 where status == nil { usleep(10_000) }
    finish()
  }

  /// The exit code, 128 and the signal's number if a signal ended it, or nil while it runs.
  public var status: Int32? {
    exitCode.withLock { code in
      if let code { return code }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
      return code
    }
  }

  public var isRunning: Bool { status == nil }

  /// What the process has written so far.
  public var output: String { read(outputFile) }

  /// What the process has written to standard error so far, if that is kept apart.
  public var errors: String { read("\(folder.path)/errors") }

  private func read(_ file: String) -> String {
    String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
  }

  /// Sends a signal to the process itself.
  public func signal(_ number: Int32) {
    exitCode.withLock { if $0 == nil { kill(pid, number) } }
  }

  /// Returns the first line of the output that contains `text`, once there is one.
  ///
  /// - Throws: ``Failure`` if the process ends first; ``TimedOut``.
  @discardableResult
  public func waitForLine(containing text: String, within limit: Duration = .seconds(30)) async throws -> String {
    try await wait("\(name) prints \"\(text)\"", limit) {
      let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
      return lines.first { $0.contains(text) }.map(String.init)
    }
  }

  /// Returns once a `GET` of `url` is answered with 200.
  ///
  /// - Throws: ``Failure`` if the process ends first; ``TimedOut``.
  public func waitForOK(_ url: String, within limit: Duration = .seconds(30)) async throws {
    try await wait("\(name) answers \(url)", limit) {
      let answer = try await LoopbackHTTP.send("GET", url, limit: .seconds(2))
      return answer.status == 200 ? () : nil
    }
  }

  /// Waits until the process has ended by itself, and returns its exit code.
  ///
  /// - Throws: ``TimedOut``.
  public func waitForExit(within limit: Duration = .seconds(60)) async throws -> Int32 {
    let code = try await eventually("\(name) ends; its output: \(tail)", within: limit, poll: .milliseconds(5)) {
      status
    }
    finish()
    return code
  }

  /// Ends the process group: SIGTERM, and SIGKILL after `grace`.
  public func stop(grace: Duration = .seconds(10)) async {
    if isRunning { kill(-pid, SIGTERM) }
    try? await eventually(within: grace, poll: .milliseconds(5)) { !isRunning }
    finish()
  }

  /// Kills what is left of the group, and takes it off the reaper's list.
  private func finish() {
    kill(-pid, SIGKILL)
    // After SIGKILL this takes no longer than the system needs to tear the process down.
    while status == nil { usleep(1000) }
    Reaper.note("-group \(pid)")
  }

  private func wait<Value>(
    _ what: String, _ limit: Duration, _ attempt: () async throws -> Value?
  ) async throws -> Value {
    let outcome: Result<Value, Failure>
    do {
      outcome = try await eventually(what, within: limit) {
        // Asked before the attempt: what a process wrote last must still be seen.
        let ended = status
        do {
          if let value = try await attempt() { return .success(value) }
        } catch  where ended != nil {}
        return ended.map { .failure(Failure(description: "\(name) ended with \($0): \(tail)")) }
      }
    } catch let error as TimedOut {
      throw TimedOut("\(error); the end of its output: \(tail)")
    }
    return try outcome.get()
  }

  private var tail: String { String(output.suffix(2000)) }
}
