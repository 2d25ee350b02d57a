import Foundation
import HarecastTestKit
import Testing

@Suite("Remote-write from a real Prometheus and a real vmagent", .enabled(if: SupportScripts.realServersAreAvailable))
struct RemoteWriteSoakTests {
  @Test("nothing acknowledged is lost or doubled while sender and receiver are killed in turn", .timeLimit(.minutes(3)))
  func survivesKills() async throws {
    let outcome = try await runProgram(
      SupportScripts.path("remote-write-soak"),
      [HarecastServer.program, "--seconds=30", "--kill-every=5", "--series=50"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }
}
