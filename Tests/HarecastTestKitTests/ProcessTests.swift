import Foundation
import HarecastTestKit
import Testing

@Suite("Processes and loopback servers of tests")
struct ProcessTests {
  @Test("output, standard input and exit code arrive")
  func output() async throws {
    let outcome = try await runProgram(
      "sh", ["-c", "cat; echo $GREETING; echo oops >&2; exit 3"], input: Array("in\n".utf8),
      environment: ["GREETING": "hello"])
    #expect(outcome.status == 3)
    #expect(outcome.output == "in\nhello\n")
    #expect(outcome.errors == "oops\n")
  }

  @Test("stopping ends the whole process group, even one that ignores SIGTERM")
  func stopsGroup() async throws {
    let process = try ManagedProcess("sh", ["-c", "trap '' TERM; sleep 600 & echo child $!; wait; sleep 600"])
    let line = try await process.waitForLine(containing: "child ")
    let child = try #require(pid_t(line.dropFirst("child ".count)))
    await process.stop(grace: .milliseconds(200))
    #expect(process.status == 128 + SIGKILL)
    try await eventually("the child has gone") { !isAlive(child) }
  }

  @Test("a process that goes out of use is stopped")
  func stopsWhenReleased() async throws {
    var process: ManagedProcess? = try ManagedProcess("sleep", ["600"])
    let pid = try #require(process?.pid)
    #expect(isAlive(pid))
    process = nil
    #expect(!isAlive(pid))
  }

  @Test("waiting for a process that has ended fails at once, with its output")
  func failsAtOnce() async throws {
    let process = try ManagedProcess("sh", ["-c", "echo no such luck; exit 1"])
    let error = await #expect(throws: ManagedProcess.Failure.self) {
      try await process.waitForLine(containing: "ready", within: .seconds(30))
    }
    #expect(error?.description == "sh ended with 1: no such luck\n")
  }

  @Test("waiting for the answer of a process that has ended fails at once, too")
  func failsAtOnceWithoutAnswer() async throws {
    let process = try ManagedProcess("sh", ["-c", "echo no luck; exit 1"])
    let port = try freeLoopbackPort()
    let error = await #expect(throws: ManagedProcess.Failure.self) {
      try await process.waitForOK("http://127.0.0.1:\(port)/", within: .seconds(30))
    }
    #expect(error?.description == "sh ended with 1: no luck\n")
  }

  @Test("a program that does not exist is an error")
  func missingProgram() {
    #expect(throws: SystemCallError.self) { try ManagedProcess("/nonexistent/program") }
  }

  @Test("the static server answers per path, keeps requests, and can change its mind")
  func staticServer() async throws {
    let server = try StaticHTTPServer(["/metrics": .text("up 1\n")])
    #expect(try await LoopbackHTTP.get("\(server.url)/metrics?x=1") == "up 1\n")
    #expect(try await LoopbackHTTP.send("GET", "\(server.url)/other").status == 404)
    server.setHandler { .json("[\($0.body.count)]") }
    let answer = try await LoopbackHTTP.send("POST", "\(server.url)/write", body: [1, 2, 3], user: "a:b")
    #expect(answer.text == "[3]")
    #expect(answer.headers["content-type"] == "application/json")
    #expect(server.requests.map(\.target) == ["/metrics?x=1", "/other", "/write"])
    #expect(server.requests.last?.headers["authorization"] == "Basic YTpi")
    server.stop()
    await #expect(throws: SystemCallError.self) { try await LoopbackHTTP.get("\(server.url)/metrics") }
  }

  @Test("free ports are distinct and can be bound")
  func ports() throws {
    let ports = try freeLoopbackPorts(20)
    #expect(Set(ports).count == 20)
    for port in ports.prefix(3) { #expect(try StaticHTTPServer(port: port, [:]).port == port) }
  }

  /// Whether a process exists and is not a zombie.
  private func isAlive(_ pid: pid_t) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return !text.contains(") Z ")
  }
}
