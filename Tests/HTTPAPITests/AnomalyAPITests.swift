import HTTPFetch
import HarecastTestKit
import Testing
import TimeSeries

@testable import AnomalyDetection
@testable import HTTPAPI
@testable import Rules

@Suite("The anomalies over HTTP", .timeLimit(.minutes(2)))
struct AnomalyAPITests {
  @Test func `feedback needs users, and says what is wrong with it`() async throws {
    let harness = try WebServerHarness()
    try await harness.serve("http_server_config: { headers: { X-Frame-Options: deny } }") { port in
      let url = "http://127.0.0.1:\(port)/api/v1/anomalies"
      let list = try await harness.get(url)
      #expect(list.status == 200)
      #expect(String(decoding: list.body, as: UTF8.self) == #"{"status":"success","data":{"anomalies":[],"total":0}}"#)
      let wrong = try await harness.get(url + "?level=loud")
      #expect(wrong.status == 400 && String(decoding: wrong.body, as: UTF8.self).contains("info, warning or critical"))
      let refused = try await harness.get("\(url)/feedback") { request in
        request.method = "POST"
        request.body = Array("rule=a&verdict=true".utf8)
      }
      #expect(refused.status == 403)
    }
    try await harness.serve("basic_auth_users: { alice: \(WebServerHarness.hashOfABC) }") { port in
      let url = "http://127.0.0.1:\(port)/api/v1/anomalies/feedback"
      let stranger = try await harness.get(url) { request in
        request.method = "POST"
        request.body = Array("rule=a&verdict=true".utf8)
      }
      #expect(stranger.status == 401)
      for (form, status, words) in [
        ("verdict=true", 400, "the name of the rule"), ("rule=a&verdict=maybe", 400, "expected true or false"),
        ("rule=a&verdict=true", 404, #"no rule with an anomaly block records \"a\""#),
      ] {
        let answer = try await harness.get(url, user: "alice") { request in
          request.method = "POST"
          request.body = Array(form.utf8)
          request.headers.append(HTTPHeader("Content-Type", "application/x-www-form-urlencoded"))
        }
        #expect(answer.status == status && String(decoding: answer.body, as: UTF8.self).contains(words))
      }
    }
  }

  private static func anomaly(
    _ rule: String, _ labels: Labels, score: Double, direction: AnomalyVerdict.Side? = .above,
    reason: AnomalyVerdict.Reason = .jump
  ) -> CurrentAnomaly {
    let evidence = AnomalySeverity.Evidence(detector: "auto", family: .statistical, isCalibrated: true, score: score)
    return CurrentAnomaly(
      rule: rule, labels: labels,
      judgement: SignalWatch.Judgement(
        verdict: AnomalyVerdict(score: score, direction: direction, reason: reason),
        severity: AnomalySeverity([evidence]), parts: [evidence], value: 1))
  }

  @Test func `signals of one node share what happens there, and no other node's`() {
    let memory = Self.anomaly("memory_anomaly_score", Labels(name: "", ["instance": "a"]), score: 3)
    let files = Self.anomaly("files_anomaly_score", Labels(name: "", ["instance": "a"]), score: 1)
    let other = Self.anomaly("memory_anomaly_score", Labels(name: "", ["instance": "b"]), score: 2)
    let shares = AnomalyAttribution.shares(of: files, among: [memory, files, other])
    // Severities 6 and 2.
    #expect(shares.map(\.0.rule) == ["memory_anomaly_score", "files_anomaly_score"])
    #expect(shares.map(\.1) == [0.75, 0.25])
    let lonely = Self.anomaly("x", .empty, score: 1)
    #expect(AnomalyAttribution.shares(of: lonely, among: [memory, lonely]).map(\.1) == [1])
  }

  @Test func `titles and advice follow the signal and its direction`() {
    let memory = Self.anomaly("rabbitmq_resident_memory_bytes_anomaly_score", .empty, score: 2)
    #expect(AnomalyAdvice.title(memory) == "rabbitmq_resident_memory_bytes is unusually high")
    #expect(AnomalyAdvice.actions(memory)[0].contains("memory_breakdown"))
    let consumers = Self.anomaly("rabbitmq_queue_consumers_anomaly_score", .empty, score: 2, direction: .below)
    #expect(AnomalyAdvice.title(consumers) == "rabbitmq_queue_consumers is unusually low")
    #expect(AnomalyAdvice.actions(consumers)[0].contains("a queue without consumers only grows"))
    let frozen = Self.anomaly("x", .empty, score: 1, direction: nil, reason: .flatline)
    #expect(AnomalyAdvice.title(frozen) == "x has stopped moving")
    #expect(AnomalyAdvice.actions(frozen).count == 3)
  }
}
