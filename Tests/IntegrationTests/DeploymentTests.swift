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

  private static func text(_ path: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
  }

  @Test("the image is built with every library that the build installs, and runs alone, without root")
  func image() throws {
    let dockerfile = try Self.text("Dockerfile")
    let needed = try Self.text("../Makefile").matches(of: /\b(lib[a-z0-9+.-]+-dev|zlib1g-dev)\b/).map { String($0.1) }
    // These two are looked for when they are wanted; their headers are not.
    for package in Set(needed).subtracting(["libsvm-dev", "libxgboost-dev"]) {
      #expect(dockerfile.contains(" \(package) "), "\(package)")
    }
    let last = try #require(dockerfile.components(separatedBy: "\nFROM ").last)
    #expect(dockerfile.components(separatedBy: "\nFROM ").count == 3)
    #expect(last.contains("COPY --from=build /out/harecast") && !last.contains("swift"))
    #expect(last.contains("\nUSER 65532:65532\n"))
    for source in dockerfile.matches(of: /(?m)^COPY (\w[\w.]*)[ ]/) {
      #expect(FileManager.default.fileExists(atPath: "\(Self.folder)/../\(source.1)"), "\(source.1)")
    }
  }

  @Test("the image is built by the command of the Makefile from what its context has, and started with known flags")
  func imageCommands() async throws {
    let dockerfile = try Self.text("Dockerfile")
    let makefile = try Self.text("../Makefile")
    let release = try #require(makefile.firstMatch(of: /(?m)^RELEASE := (.+)$/)?.1)
    #expect(dockerfile.contains("RUN swift build \(release) --product harecast "))
    #expect(dockerfile.contains("$(swift build \(release) --show-bin-path)/harecast"))
    let kept = Set(try Self.text("Dockerfile.dockerignore").matches(of: /(?m)^!(\S+)$/).map { String($0.1) })
    #expect(kept == Set(dockerfile.matches(of: /(?m)^COPY (\w[\w.]*)[ ]/).map { String($0.1) }))
    // Whatever the package names as a place of sources, and nothing else, is needed to build it.
    for path in try Self.text("../Package.swift").matches(of: /path: "([^"\/]+)/) {
      #expect(kept.contains(String(path.1)), "\(path.1)")
    }
    let help = try await HarecastServer.run(["serve", "--help"])
    let flags = dockerfile.matches(of: /--(?:storage|web|config|log)[a-z.-]*/).map { String($0.0) } + ["--rabbitmq"]
    for flag in flags { #expect(help.output.contains(flag), "\(flag)") }
    #expect(dockerfile.contains("VOLUME /var/lib/harecast\n"))
    #expect(dockerfile.contains("\"--storage.path=/var/lib/harecast\""))
  }

  @Test(
    "every library that the program is linked with has its package in the image",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/readelf")))
  func imageLibraries() async throws {
    let image = try #require(try Self.text("Dockerfile").components(separatedBy: "\nFROM ").last)
    let outcome = try await runProgram("/usr/bin/readelf", ["-d", HarecastServer.program])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let needed = outcome.output.matches(of: /\(NEEDED\)[^\[]*\[(lib.+?)\.so/).map { String($0.1) }
    #expect(needed.contains("libsqlite3"))
    // Of every system, or of Swift, which the image's build links statically.
    let given: Set<String> = ["libc", "libm", "libgcc_s", "libdl", "libpthread", "librt", "libutil", "libresolv"]
    let packages = ["libz": "zlib1g", "libcrypto": "libssl3", "libssl": "libssl3"]
    for library in Set(needed).subtracting(given)
    where !library.contains(/^lib(swift|_?Foundation|_|dispatch|BlocksRuntime)/) {
      #expect(image.contains(" \(packages[library] ?? library)"), "\(library)")
    }
  }

  @Test("the compose file mounts what is there, waits for its own services, names fixed images and keeps roots shut")
  func compose() throws {
    let compose = try Self.text("docker-compose.yml")
    let mounts = compose.matches(of: /- (\.{1,2}\/[\w.\/-]+):/).map { String($0.1) }
    #expect(mounts.count >= 6)
    for mount in mounts { #expect(FileManager.default.fileExists(atPath: "\(Self.folder)/\(mount)"), "\(mount)") }
    for image in compose.matches(of: /image: (\S+)/) {
      #expect(image.1.contains(/:v?\d/), "\(image.1) has no version")
    }
    let services = Set(compose.matches(of: /(?m)^  ([a-z]+):$/).map { String($0.1) })
    #expect(services.isSuperset(of: ["rabbitmq", "harecast", "prometheus", "alertmanager", "grafana"]))
    for name in compose.matches(of: /(?m)^      ([a-z]+):\n        condition:/) {
      #expect(services.contains(String(name.1)), "\(name.1)")
    }
    #expect(compose.contains("read_only: true") && compose.contains("cap_drop: [ALL]"))
  }
}
