import Foundation
import HarecastTestKit
import Testing

/// What `deploy/` ships is checked by the programs that it is for, as far as that is possible without them running.
@Suite("What is shipped for deployment", .timeLimit(.minutes(5)))
struct DeploymentTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "deploy").path

  @Test("the configurations are good for those who read them")
  func configurations() async throws {
    let own = try await HarecastServer.run(["check", "config", "\(Self.folder)/harecast.yml"])
    #expect(own.status == 0, "\(own.output)\(own.errors)")
    if SupportScripts.realServersAreAvailable {
      let prometheus = try await promtool(["check", "config", "\(Self.folder)/prometheus.yml"])
      #expect(prometheus.status == 0, "\(prometheus.output)\(prometheus.errors)")
    }
  }

  @Test(
    "Kubernetes' own schemas accept the manifests, and Harecast the configuration in them",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func manifests() async throws {
    let alone = "\(Self.folder)/kubernetes/standalone.yml"
    let said = try await SupportScripts.run(
      "kubernetes-validate", [alone, "\(Self.folder)/kubernetes/sidecar.yml"])
    for kind in ["StatefulSet", "NetworkPolicy", "PodDisruptionBudget", "Service"] {
      #expect(said.contains("\(kind) harecast: good"), "\(said)")
    }
    // The block literal under `harecast.yml: |`, without its indentation.
    let text = try String(contentsOfFile: alone, encoding: .utf8)
    let block = try #require(
      text.split(separator: "  harecast.yml: |\n").dropFirst().first?.split(separator: "---").first)
    let lines = block.split(separator: "\n", omittingEmptySubsequences: false).map { $0.dropFirst(4) }
    let folder = try TemporaryFolder()
    let file = try folder.write(lines.joined(separator: "\n"), to: "harecast.yml")
    let check = try await HarecastServer.run(["check", "config", file])
    #expect(check.status == 0, "\(check.output)\(check.errors)")
  }

  @Test(
    "systemd finds the service well shut in",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
  func service() async throws {
    let outcome = try await runProgram(
      "/usr/bin/systemd-analyze",
      ["security", "--offline=true", "--threshold=20", "--no-pager", "\(Self.folder)/harecast.service"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
  }
}
