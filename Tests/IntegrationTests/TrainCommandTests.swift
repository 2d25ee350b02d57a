import Foundation
import HarecastTestKit
import Testing

@Suite("Training and moving models from the command line", .timeLimit(.minutes(5)))
struct TrainCommandTests {
  /// Three days of a daily wave, five minutes apart, in two columns.
  private static let history: String = {
    var text = "timestamp_ms,orders,billing\n"
    for index in 0..<864 {
      let hour = Double(index % 288) / 12
      let wave = 100 + (hour < 12 ? hour : 24 - hour) * 5
      text += "\(1_704_067_200_000 + index * 300_000),\(wave + Double(index * index % 97) / 20),\(wave * 2)\n"
    }
    return text
  }()

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("a model is trained, listed, shown, verified, exported and imported, always with its signature")
  func lifeOfAModel() async throws {
    let folder = try TemporaryFolder()
    let csv = try folder.write(Self.history, to: "history.csv")
    let key = try folder.write("a key that nobody guesses\n", to: "key")
    let foreign = try folder.write("a key of somebody else\n", to: "foreign")
    let here = ["--models.path", folder.path + "/models"]
    let trained = try await HarecastServer.run(
      ["train", "--name", "queues", "--model", "theta", "--data", csv, "--key-file", key, "--output", "json"] + here)
    #expect(trained.status == 0, "\(trained.errors)")
    let header = try object(trained.output)
    #expect(header["name"] as? String == "queues" && header["step_ms"] as? Int == 300_000)
    #expect(header["trained_through_ms"] as? Int == 1_704_067_200_000 + 863 * 300_000)
    let series = try #require(header["series"] as? [[String: Any]])
    #expect(series.compactMap { ($0["labels"] as? [String: String])?["__name__"] } == ["billing", "orders"])
    let metrics = try #require(series[1]["metrics"] as? [String: Double])
    #expect(metrics.keys.sorted() == ["coverage_95", "mae", "mase", "r2"])

    let again = try await HarecastServer.run(["train", "--name", "queues", "--data", csv] + here)
    #expect(again.status == 1 && again.errors.contains("exists already"))

    let listed = try await HarecastServer.run(["models", "list", "--key-file", key] + here)
    #expect(listed.output.hasPrefix("queues: theta, 2 series, step 5m, trained until 2024-01-03T23:55:00"))
    let shown = try await HarecastServer.run(["models", "show", "queues", "--key-file", key] + here)
    #expect(shown.output.contains("trained on: 2024-01-01T00:00:00") && shown.output.contains("billing"))
    let good = try await HarecastServer.run(["models", "verify", "--key-file", key] + here)
    #expect(good.status == 0 && good.output.hasPrefix("queues: good, signed with key "))
    let bad = try await HarecastServer.run(["models", "verify", "queues", "--key-file", foreign] + here)
    #expect(bad.status == 1 && bad.errors.contains("signed with another key"))

    let copy = folder.path + "/copy.hcmodel"
    #expect(
      try await HarecastServer.run(["models", "export", "queues", "--out", copy, "--key-file", key] + here).status == 0)
    let elsewhere = ["--models.path", folder.path + "/elsewhere"]
    let imported = try await HarecastServer.run(["models", "import", copy, "--key-file", key] + elsewhere)
    #expect(imported.status == 0, "\(imported.errors)")
    let twice = try await HarecastServer.run(["models", "import", copy, "--key-file", key] + elsewhere)
    #expect(twice.status == 1 && twice.errors.contains("exists already"))

    var bytes = try #require(FileManager.default.contents(atPath: copy))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: copy))
    for command in [["models", "import", copy, "--replace"], ["models", "show", copy], ["models", "verify", copy]] {
      let refused = try await HarecastServer.run(command + ["--key-file", key] + elsewhere)
      #expect(refused.status == 1, "\(command)")
      #expect(refused.errors == "\(copy): is damaged: its SHA-256 does not match\n")
    }
  }

  @Test("keys are changed by signing anew")
  func changesKeys() async throws {
    let folder = try TemporaryFolder()
    let csv = try folder.write(Self.history, to: "history.csv")
    let old = try folder.write("the key of last year\n", to: "old")
    let new = try folder.write("the key of this year\n", to: "new")
    let here = ["--models.path", folder.path + "/models"]
    #expect(
      try await HarecastServer.run(
        ["train", "--name", "q", "--model", "naive", "--data", csv, "--key-file", old] + here
      ).status == 0)
    let signed = try await HarecastServer.run(
      ["models", "sign", "q", "--key-file", old, "--new-key-file", new] + here)
    #expect(signed.status == 0, "\(signed.errors)")
    #expect(try await HarecastServer.run(["models", "verify", "--key-file", new] + here).status == 0)
    #expect(try await HarecastServer.run(["models", "verify", "--key-file", old] + here).status == 1)
    #expect(
      try await HarecastServer.run(["models", "verify", "--key-file", old, "--key-file", new] + here).status == 0)
  }

  @Test("prophet takes its settings, and says them again")
  func prophetSettings() async throws {
    let folder = try TemporaryFolder()
    let csv = try folder.write(Self.history, to: "history.csv")
    let outcome = try await HarecastServer.run([
      "train", "--name", "p", "--model", "prophet", "--data", csv, "--limit", "1", "--seasonality", "hourly=1h:8",
      "--seasonality", "daily=1d:10", "--changepoint-prior-scale", "0.05", "--seasonality-prior-scale", "10",
      "--seasonality-mode", "multiplicative", "--models.path", folder.path,
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("seasonalities=hourly=1h:8,daily=1d:10"))
    #expect(outcome.output.contains("seasonality_mode=multiplicative"))
  }

  @Test("serve forecasts with a verified model, and does not start with one that is missing or not signed with its key")
  func serves() async throws {
    let folder = try TemporaryFolder()
    let now = Int64(Date().timeIntervalSince1970) / 60 * 60_000
    let csv = "timestamp_ms,depth\n" + (0..<Int64(300)).map { "\(now - (300 - $0) * 60_000),\($0 % 7)\n" }.joined()
    let history = try folder.write(csv, to: "history.csv")
    let key = try folder.write("a key that nobody guesses\n", to: "key")
    try folder.write("a key of somebody else\n", to: "foreign")
    let data = folder.path + "/data"
    let trained = try await HarecastServer.run([
      "train", "--name", "depth", "--model", "theta", "--data", history, "--key-file", key, "--models.path",
      data + "/models",
    ])
    #expect(trained.status == 0, "\(trained.errors)")
    let rules = """
      groups:
        - name: g
          interval: 1s
          rules:
            - record: depth_forecast
              expr: vector(3)
              forecast: {horizons: [10m], step: 1m, model: "trained:MODEL"}
      """
    func configuration(_ model: String, _ key: String) throws -> [String] {
      try folder.write(rules.replacing("MODEL", with: model), to: "rules.yml")
      let file = try folder.write(
        "rule_files: [rules.yml]\nmodels: {key_files: [\(key)]}\n", to: "harecast.yml")
      return ["--config.file", file, "--storage.path", data]
    }
    // What is checked beforehand, where the configuration says where models lie.
    for (key, status) in [("key", Int32(0)), ("foreign", 1)] {
      _ = try configuration("depth", key)
      let file = try folder.write(
        "rule_files: [rules.yml]\nmodels: {path: data/models, key_files: [\(key)]}\n", to: "checked.yml")
      #expect(try await HarecastServer.run(["check", "config", file]).status == status)
    }
    let missing = try await HarecastServer.run(["serve"] + configuration("other", "key"))
    #expect(missing.status == 1)
    #expect(missing.errors.contains("rule 1, \"depth_forecast\": model trained:other: "))
    #expect(missing.errors.contains("does not exist"))
    let foreign = try await HarecastServer.run(["serve"] + configuration("depth", "foreign"))
    #expect(foreign.status == 1 && foreign.errors.contains("is signed with another key"), "\(foreign.errors)")

    let server = try await HarecastServer("serve", try configuration("depth", "key"))
    try await eventually("the model forecasts", within: .seconds(60)) {
      try await LoopbackHTTP.get("\(server.url)/api/v1/forecast").contains(#""model":"trained:depth""#)
    }
    let metrics = try await server.metrics()
    #expect(metrics.contains(#"harecast_trained_model_end_timestamp_seconds{model="depth"} "#))
    #expect(metrics.contains(#"depth_forecast{horizon="10m",q="0.5"}"#))
    // A reload with a model that is not good changes nothing.
    _ = try configuration("depth", "foreign")
    server.process.signal(SIGHUP)
    try await eventually("the reload is refused", within: .seconds(30)) {
      server.log.contains("signed with another key")
    }
    #expect(try await LoopbackHTTP.get("\(server.url)/-/healthy").isEmpty == false)
    try await server.stop()
  }

  @Test("wrong words end with status 2, wrong files with 1")
  func usage() async throws {
    for arguments in [
      ["--name", "../x", "--data", "x"], ["--name", "x"], ["--name", "x", "--data", "x", "--model", "prophecy"],
      ["--name", "x", "--data", "x", "--seasonality", "hourly"], ["--name", "x", "--data", "x", "--held-out", "1"],
      ["--name", "x", "--data", "x", "--model", "theta", "--seasonality", "hourly=1h:8"],
      ["--name", "x", "--query", "up"], ["--name", "x", "--data", "x", "--model", "theta", "--companion", "rate"],
    ] {
      #expect(try await HarecastServer.run(["train"] + arguments).status == 2, "\(arguments)")
    }
    let folder = try TemporaryFolder()
    let file = try folder.write("timestamp_ms,a\n1,2\n2,x\n", to: "bad.csv")
    let outcome = try await HarecastServer.run(["train", "--name", "x", "--data", file, "--models.path", folder.path])
    #expect(outcome.status == 1 && outcome.errors == "\(file): line 3: \"x\" is no number\n")
    let good = try folder.write("timestamp_ms,a,b\n1,2,3\n2,3,4\n", to: "good.csv")
    let missing = try await HarecastServer.run([
      "train", "--name", "x", "--model", "lstm", "--data", good, "--companion", "c", "--models.path", folder.path,
    ])
    #expect(missing.status == 1 && missing.errors == "\(good): has no column \"c\" (--companion)\n")
    let single = try folder.write("timestamp_ms,a\n1,2\n", to: "single.csv")
    let little = try await HarecastServer.run([
      "train", "--name", "x", "--step", "1m", "--data", single, "--models.path", folder.path,
    ])
    #expect(little.status == 1 && little.errors == "\(single): no series has 2 values to learn from\n")
    let uneven = try folder.write("timestamp_ms,a,b\n60000,2,3\n120000,3,\n180000,4,\n", to: "uneven.csv")
    let partly = try await HarecastServer.run([
      "train", "--name", "x", "--model", "naive", "--data", uneven, "--models.path", folder.path,
    ])
    #expect(partly.status == 0 && partly.errors == "b: left out, it has fewer than 2 values\n", "\(partly.errors)")
    let short = try folder.write("short\n", to: "key")
    let key = try await HarecastServer.run(["models", "list", "--models.path", folder.path, "--key-file", short])
    #expect(key.status == 1 && key.errors.contains("at least 16 are needed"))
  }

  @Test(
    "a history is learnt from a real Prometheus, series by series",
    .enabled(if: SupportScripts.realServersAreAvailable))
  func fromPrometheus() async throws {
    let end = (Int64(Date().timeIntervalSince1970) / 60 - 10) * 60
    let server = try await PrometheusServer(
      configuration: "global: {}\n", history: try RecordedMemory.openMetrics(end: end))
    defer { Task { await server.stop() } }
    let folder = try TemporaryFolder()
    let outcome = try await HarecastServer.run([
      "train", "--name", "memory", "--query", "\(RecordedMemory.metric) / 1e6", "--url", server.url, "--start",
      "\(end - 220 * 60)", "--end", "\(end)", "--horizon", "10m", "--models.path", folder.path, "--output", "json",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let header = try object(outcome.output)
    let series = try #require(header["series"] as? [[String: Any]])
    #expect(
      series.compactMap { ($0["labels"] as? [String: String])?["node"] }
        == ["rabbit1@localhost", "rabbit2@localhost", "rabbit3@localhost"])
    #expect(header["model"] as? String == "auto")
  }
}
