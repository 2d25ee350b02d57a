import HTTPFetch
import HarecastTestKit
import Testing
import TimeSeries

@testable import AnomalyDetection
@testable import HTTPAPI
@testable import Operations
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

  private static func incident(
    _ type: IncidentType, _ object: String, _ affected: [String], _ signals: [String], resolvedAt: Int64? = nil
  ) -> Operations.Incident {
    Operations.Incident(
      id: "\(type.rawValue)-1", type: type, cluster: "c", object: object, affected: affected, severity: 5, since: 0,
      openedAt: 0, updatedAt: 0, resolvedAt: resolvedAt, isPredicted: false, limit: "", timeToLimit: nil, summary: "",
      evidence: signals.map { IncidentEvidence($0, "", share: 0.5) }, actions: [], consequences: [])
  }

  @Test func `patterns of open incidents about the same thing count in the severity, each once`() {
    let node = Self.anomaly("memory_anomaly_score", Labels(name: "", ["rabbitmq_node": "rabbit@a"]), score: 1)
    let other = Self.anomaly("memory_anomaly_score", Labels(name: "", ["rabbitmq_node": "rabbit@b"]), score: 1.2)
    let queue = Self.anomaly("depth_anomaly_score", Labels(name: "", ["queue": "q", "vhost": "/v"]), score: 1)
    let foreign = Self.anomaly(
      "memory_anomaly_score", Labels(name: "", ["rabbitmq_node": "rabbit@a", "cluster": "d"]), score: 1)
    let incidents = [
      Self.incident(.memoryLeak, "rabbit@a", ["rabbit@a"], ["rabbitmq_connections", "memory_leak_suspected"]),
      Self.incident(.connectionStorm, "", ["rabbit@a"], ["connection_spam", "memory_leak_suspected"]),
      Self.incident(.consumerFailure, "`q` on `/v`", ["`q` on `/v`"], ["no_consumers"]),
      Self.incident(.memoryLeak, "rabbit@b", ["rabbit@b"], ["memory_leak_suspected"], resolvedAt: 1),
    ]
    let all = PatternEvidence.added(to: [other, node, queue, foreign], from: incidents)
    // 2 points a multiple of the line; 0.7 · 3 for the leak, 0.7 · 2 for the spam and for nobody who consumes.
    #expect(all.map(\.labels) == [node, queue, other, foreign].map(\.labels))
    for (one, expected) in zip(all, [5.5, 3.4, 2.4, 2]) { #expect(abs(one.judgement.severity.score - expected) < 1e-9) }
    #expect(all.map { $0.judgement.severity.count(.pattern) } == [2, 1, 0, 0])
    #expect(all[0].judgement.parts.map(\.detector) == ["auto", "connection_spam", "memory_leak_suspected"])
    #expect(all[0].judgement.severity.level == .warning)
    #expect(PatternEvidence.added(to: [node], from: []).map(\.judgement.severity) == [node.judgement.severity])
  }

  @Test func `a group's answer says of each of its signals how much, which way, the band and since when`() {
    var node = Self.anomaly("node_anomaly_score", Labels(name: "", ["instance": "a"]), score: 2, direction: nil)
    let rows: [(String, Double, AnomalyVerdict.Side?, Double)] = [
      ("memory", 0.75, .above, 0.25), ("consumers", 0.25, .below, 1.5),
    ]
    node.contributions = rows.map { signal, share, direction, score in
      CurrentAnomaly.Contribution(
        labels: Labels(name: "", ["instance": "a", "signal": signal]),
        part: GroupVerdict.Contribution(
          signal: signal, value: 7, share: share, score: score, direction: direction,
          reason: score >= 1 ? .jump : nil, expectedLow: 1, expectedHigh: .infinity, since: 1_704_067_200_000))
    }
    var json = JSONWriter()
    AnomalyAPI.write(node, among: [node], to: &json)
    let text = String(decoding: json.bytes, as: UTF8.self)
    #expect(text.contains(#""title":"node is unusual: memory high, consumers low""#))
    let first =
      #"{"rule":"node_anomaly_score","labels":{"instance":"a","signal":"memory"},"share":0.75,"score":0.25,"#
      + #""value":7,"expected":[1,null],"direction":"above","since":"2024-01-01T00:00:00"#
    let second =
      #""signal":"consumers"},"share":0.25,"score":1.5,"value":7,"expected":[1,null],"direction":"below","reason":"jump""#
    #expect(text.contains(first) && text.contains(second), "\(text)")
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
