import Foundation
import HTTPFetch
import HarecastTestKit
import Testing

@testable import ModelRegistry

@Suite("MLflow's registry", .timeLimit(.minutes(5)))
struct MLflowRegistryTests {
  private func withClient<Result>(_ body: (HTTPClient) async throws -> Result) async throws -> Result {
    let client = HTTPClient()
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }

  @Test(
    "a model goes to a real MLflow and comes back byte for byte, by version, alias or as the latest",
    .enabled(if: MLflowServer.isAvailable))
  func realServer() async throws {
    let server = try await MLflowServer()
    defer { Task { await server.stop() } }
    try await withClient { client in
      let registry = try MLflowRegistry(url: server.url + "/", client: client)
      let key = try ModelFixture.key()
      let first = try ModelFixture.file()
      let second = try ModelFile(header: ModelFixture.header(series: 1), states: [[7, 7, 7]])
      let (one, two) = (try first.bytes(signedWith: key), try second.bytes(signedWith: key))
      #expect(
        try await registry.push(
          one, first, as: "orders", experiment: "queues", alias: "champion", now: 1_700_000_000_000)
          == "1")
      #expect(
        try await registry.push(two, second, as: "orders", experiment: "queues", alias: nil, now: 1_700_000_100_000)
          == "2")
      #expect(try await registry.pull("orders", .latest) == (two, "2"))
      #expect(try await registry.pull("orders", .version("1")) == (one, "1"))
      let champion = try await registry.pull("orders", .alias("champion"))
      #expect(try ModelFile.read(champion.bytes, subject: "f", keys: [key]).file == first)
      // What somebody changes in MLflow's own storage is refused.
      let stored = try #require(server.artifact(named: "orders.hcmodel", of: one.count))
      var changed = one
      changed[changed.count - 80] ^= 1
      try Data(changed).write(to: URL(filePath: stored))
      let bad = try await registry.pull("orders", .version("1"))
      #expect(throws: ModelError("f", .damaged)) { try ModelFile.read(bad.bytes, subject: "f", keys: [key]) }
      for wanted in [MLflowRegistry.Wanted.version("9"), .alias("none")] {
        await #expect(throws: ModelError.self) { try await registry.pull("orders", wanted) }
      }
      await #expect(throws: ModelError(server.url, .registry("memory: the registry has no version of it"))) {
        try await registry.pull("memory", .latest)
      }
      // What MLflow's own users see: the run with its parameters and errors.
      let answer = try await client.fetch(
        HTTPRequest(
          url: "\(server.url)/api/2.0/mlflow/runs/search",
          headers: [HTTPHeader("Content-Type", "application/json")], body: Array(#"{"experiment_ids":["1"]}"#.utf8)))
      let text = String(decoding: answer.body, as: UTF8.self)
      for part in ["\"mase\"", "\"theta\"", "setting.a", "sum(x)", "FINISHED"] {
        #expect(text.contains(part), "\(text)")
      }
    }
  }

  @Test("who asks is said as the server wants it, and never printed")
  func access() async throws {
    let server = try StaticHTTPServer { _ in
      .init(status: 401, headers: ["Content-Type": "text/plain"], body: Array("You are not authenticated.".utf8))
    }
    try await withClient { client in
      for access in [
        MLflowRegistry.Access.bearer("s3cret"), .basic(BasicAuthentication(username: "me", password: "s3cret")),
      ] {
        let registry = try MLflowRegistry(url: server.url, access: access, client: client)
        do {
          _ = try await registry.pull("orders", .latest)
          Issue.record("a refusal is expected")
        } catch {
          #expect(
            "\(error)"
              == "\(server.url): model-versions/search: the server answered 401: You are not authenticated.")
        }
      }
    }
    #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer s3cret", "Basic bWU6czNjcmV0"])
  }

  @Test("answers that are no answers, and artifacts elsewhere, are errors that name the address")
  func nonsense() async throws {
    let server = try StaticHTTPServer([
      "/api/2.0/mlflow/model-versions/search": .json(#"{"model_versions":[{"version":"3"}]}"#),
      "/api/2.0/mlflow/model-versions/get-download-uri": .json(#"{"artifact_uri":"s3://bucket/x"}"#),
      "/api/2.0/mlflow/registered-models/alias": .json("[]"),
    ])
    try await withClient { client in
      let registry = try MLflowRegistry(url: server.url, client: client)
      do {
        _ = try await registry.pull("orders", .latest)
        Issue.record("a refusal is expected")
      } catch {
        #expect("\(error)".contains("s3://bucket/x") && "\(error)".hasPrefix(server.url))
      }
      await #expect(throws: ModelError.self) { try await registry.pull("orders", .alias("a")) }
      await #expect(throws: ModelError("../x", .badName)) { try await registry.pull("../x", .latest) }
      for url in ["mlflow:5000", "ftp://a", "http://", "http://u:p@a"] {
        #expect(throws: ModelError.self, "\(url)") { try MLflowRegistry(url: url, client: client) }
      }
    }
  }
}
