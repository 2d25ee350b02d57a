import Foundation
import HarecastTestKit
import Testing

@Suite(
  "The program built with the tests",
  .enabled(if: FileManager.default.isExecutableFile(atPath: HarecastServer.program)),
  .timeLimit(.minutes(5)))
struct HarecastServerTests {
  @Test("it starts as a server, shows its metrics, and ends with 0 on SIGTERM")
  func lifeCycle() async throws {
    let target = try StaticHTTPServer { _ in .text("up_and_away 1\n") }
    let server = try await HarecastServer("serve", ["--rabbitmq", target.url])
    #expect(try await server.metrics().contains("harecast_"))
    #expect(try await server.stop() == 0)
    await #expect(throws: SystemCallError.self) { try await LoopbackHTTP.get("\(server.url)/-/healthy") }
  }

  @Test("a command that does not exist ends with a usage error on standard error")
  func wrongUsage() async throws {
    let outcome = try await HarecastServer.run(["no-such-command"])
    #expect(outcome.status != 0)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("no-such-command"))
  }
}
