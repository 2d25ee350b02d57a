import Foundation
import HarecastTestKit
import Testing

@Suite("What a server and a check say of the configuration", .timeLimit(.minutes(3)))
struct ConfigurationReportTests {
  private static let text = """
    # A comment with a secret: hunter0
    global: {scrape_interval: 1s, evaluation_interval: 1s}
    scrape_configs:
      - job_name: one
        basic_auth: {username: reader, password: hunter1}
        http_headers: {X-Key: {secrets: [hunter2]}}
        proxy_url: http://proxy:hunter3@127.0.0.1:1
        static_configs: [{targets: ["127.0.0.1:1", "127.0.0.1:2"]}]
      - job_name: two
        authorization: {credentials: hunter4}
        file_sd_configs: [{files: [targets.yml]}]
    remote_write: [{url: "http://127.0.0.1:1/write", headers: {X-Token: hunter5}}]
    influxdb: [{url: "http://127.0.0.1:1", org: o, bucket: b, token: hunter6}]
    management: {url: "http://127.0.0.1:1", username: harecast, password: hunter7}
    """

  @Test("the configuration in force is shown without secrets, with flags and the time of the last reload")
  func status() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(Self.text, to: "harecast.yml")
    let server = try await HarecastServer("serve", ["--config.file", file, "--log.level", "info"])
    func get(_ path: String) async throws -> [String: Any] {
      let text = try await LoopbackHTTP.get("\(server.url)/api/v1/status/\(path)")
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      return try #require(object?["data"] as? [String: Any])
    }
    let yaml = try #require(try await get("config")["yaml"] as? String)
    #expect(!yaml.contains("hunter"), "\(yaml)")
    #expect(yaml.contains("  basic_auth:\n    username: reader\n    password: \"<secret>\"\n"), "\(yaml)")
    #expect(yaml.contains("proxy_url: \"http://proxy:<secret>@127.0.0.1:1\""), "\(yaml)")
    #expect(yaml.components(separatedBy: "<secret>").count - 1 == 7, "\(yaml)")

    #expect(try await get("flags")["config.file"] as? String == file)
    let reloaded = try #require(try await get("runtimeinfo")["lastConfigTime"] as? String)
    #expect(reloaded.hasPrefix("20"))

    // One line tells what is running; another what a reload came to.
    let started = try #require(server.log.split(separator: "\n").first { $0.contains("msg=started") })
    for word in [
      "level=info", "config_file=\(file)", "targets=2", "discoveries=1", "restored_series=0",
      "rule_files=\"rabbitmq.yml (built in)\"", "version=",
    ] {
      #expect(started.contains(word), "\(started)")
    }
    #expect(started.contains("address=http://127.0.0.1:\(server.port)") && started.contains("storage_path=/"))
    try folder.write(
      "scrape_configs: [{job_name: one, static_configs: [{targets: ['127.0.0.1:1']}]}]\n", to: "harecast.yml")
    server.process.signal(SIGHUP)
    try await server.process.waitForLine(containing: "configuration reloaded", within: .seconds(30))
    let line = try #require(server.log.split(separator: "\n").first { $0.contains("configuration reloaded") })
    #expect(line.contains("targets=1") && !line.contains("discoveries"))
    #expect(try await get("config")["yaml"] as? String != yaml)
    try await server.stop()
  }

  @Test("without a file the jobs are shown that --rabbitmq stands for, and what a run left is told at the next start")
  func withoutFile() async throws {
    let folder = try TemporaryFolder()
    let arguments = ["--rabbitmq", "http://127.0.0.1:1", "--storage.path", folder.path]
    let server = try await HarecastServer("serve", arguments)
    let yaml = try await LoopbackHTTP.get("\(server.url)/api/v1/status/config")
    #expect(yaml.contains(#"- job_name: \"rabbitmq-detailed\""#), "\(yaml)")
    #expect(yaml.contains(#"- \"127.0.0.1:1\""#) && yaml.contains(#"scrape_interval: 15s"#))
    try await eventually("something is in the store", within: .seconds(60)) {
      try await LoopbackHTTP.get("\(server.url)/api/v1/query?query=up").contains("\"job\"")
    }
    try await server.stop()
    let again = try await HarecastServer("serve", arguments)
    let started = try #require(again.log.split(separator: "\n").first { $0.contains("msg=started") })
    #expect(!started.contains("restored_series=0") && started.contains("config_file=none"), "\(started)")
    try await again.stop()
  }

  @Test("every file that a configuration names and that cannot be read is told, with its place")
  func missingFiles() async throws {
    let folder = try TemporaryFolder()
    try folder.write("- targets: [a]\n  label: {}\n", to: "bad.yml")
    try folder.write("secret\n", to: "here")
    let file = try folder.write(
      """
      scrape_configs:
        - job_name: one
          authorization: {credentials_file: here}
          tls_config: {ca_file: nowhere.pem}
          http_headers: {X-Key: {files: [key]}}
          file_sd_configs: [{files: [later.yml, bad.yml]}]
          static_configs: [{targets: [a], labels: {some_file: free}}]
      management:
        url: http://localhost:15672
        username: harecast
        password_file: /nowhere/password
      models: {key_files: [.]}
      forecasting: {calendars: [none.ics]}
      """, to: "harecast.yml")
    let outcome = try await HarecastServer.run(["check", "config", file])
    #expect(outcome.status == 1)
    let none = "No such file or directory"
    #expect(
      outcome.errors.split(separator: "\n").map { $0.replacing(folder.path + "/", with: "") } == [
        "  FAILED: harecast.yml:4:27: nowhere.pem: \(none)", "  FAILED: harecast.yml:5:36: key: \(none)",
        "  FAILED: harecast.yml:6:43: bad.yml:2:3: unknown key \"label\" in a group of targets; did you mean \"labels\"?",
        "  FAILED: harecast.yml:11:18: /nowhere/password: \(none)", "  FAILED: harecast.yml:12:22: .: Is a directory",
        "  FAILED: harecast.yml:13:27: none.ics: \(none)",
      ], "\(outcome.errors)")
    #expect(
      outcome.output.contains("  WARNING: \(file):6:32: \"later.yml\" does not point to an existing file of targets\n"))
    #expect(!outcome.output.contains("is valid"))
    let syntax = try await HarecastServer.run(["check", "config", "--syntax-only", file])
    #expect(syntax.status == 0 && syntax.errors == "")
  }
}
