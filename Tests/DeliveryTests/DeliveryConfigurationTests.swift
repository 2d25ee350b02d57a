import StrictYAML
import Testing
import TimeSeries

@testable import Delivery

@Suite("The configuration of deliveries")
struct DeliveryConfigurationTests {
  private func remoteWrites(_ text: String) throws -> [DeliveryConfiguration] {
    try DeliveryConfiguration.remoteWrites(YAMLDocument.parse(text, file: "f.yml"), directory: "/etc/harecast")
  }

  private func influxDBs(_ text: String) throws -> [DeliveryConfiguration] {
    try DeliveryConfiguration.influxDBs(YAMLDocument.parse(text, file: "f.yml"), directory: "/etc/harecast")
  }

  @Test("the whole of Prometheus's schema is read")
  func readsPrometheus() throws {
    let all = try remoteWrites(
      """
      - url: http://mimir:9009/api/v1/push
        name: mimir
        remote_timeout: 10s
        protobuf_message: io.prometheus.write.v2.Request
        headers: { X-Scope-OrgID: production }
        send_exemplars: true
        send_native_histograms: false
        basic_auth: { username: u, password: p }
        tls_config: { insecure_skip_verify: true }
        write_relabel_configs:
          - { source_labels: [__name__], regex: "go_.*", action: drop }
        queue_config:
          { capacity: 5, min_shards: 2, max_shards: 3, max_samples_per_send: 4, batch_send_deadline: 1s,
            min_backoff: 10ms, max_backoff: 1m, retry_on_http_429: false, sample_age_limit: 1h }
        metadata_config: { send: false, send_interval: 5m, max_samples_per_send: 7 }
      - url: https://other/push
      """)
    #expect(all.count == 2)
    let first = all[0]
    #expect(first.name == "mimir" && first.timeout == 10_000 && first.selection == .recorded)
    #expect(first.queue.capacity == 5 && first.queue.minimumShards == 2 && first.queue.maximumShards == 3)
    #expect(first.queue.samplesPerRequest == 4 && first.queue.sendDeadline == 1000)
    #expect(first.queue.minimumBackoff == 10 && first.queue.maximumBackoff == 60_000)
    #expect(!first.queue.retriesTooManyRequests && first.queue.ageLimit == 3_600_000)
    #expect(first.remarks == ["f.yml:6:3: \"send_exemplars\" has no effect"])
    guard case .remoteWrite(let version, let metadata) = first.format else { Issue.record(); return }
    #expect(version == .v2 && !metadata.isSent && metadata.interval == 300_000)
    #expect(all[1].queue == QueueSettings() && all[1].name == "https://other/push")
  }

  @Test(
    "what is wrong is refused with its place",
    arguments: [
      ("- { name: x }", "f.yml:1:3"), ("- { url: 'ftp://x' }", "http://"), ("- { url: 'http://u:p@x' }", "basic_auth"),
      ("- { url: 'http://x', series: some }", "recorded"), ("- { url: 'http://x', queu_config: {} }", "queue_config"),
      ("- { url: 'http://x', protobuf_message: v3 }", "prometheus.WriteRequest"),
      ("- { url: 'http://x', queue_config: { min_shards: 5, max_shards: 2 } }", "less than min_shards"),
      ("- { url: 'http://x', queue_config: { capacity: 0 } }", "capacity must be"),
      ("- { url: 'http://x', headers: { Content-Type: a } }", "Content-Type"),
      ("- { url: 'http://x' }\n- { url: 'http://x' }", "a name of its own"),
      ("- { url: 'http://x', sigv4: {} }", "sigv4"),
    ])
  func refusesNonsense(_ text: String, _ part: String) {
    let error = #expect(throws: YAMLError.self) { try remoteWrites(text) }
    #expect(error.map { "\($0)".contains(part) } == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test("InfluxDB: one destination or a list, both versions")
  func readsInfluxDB() throws {
    let second = try #require(
      try influxDBs("{ url: 'http://i:8086/', org: ops, bucket: b, token: secret, series: all }").first)
    #expect(second.url == "http://i:8086" && second.selection == .all)
    #expect(
      second.access.authorizationType == "Token"
        && second.format
          == .influxDB(
            InfluxDBTarget(place: .bucket(.init(organization: "ops", name: "b"))))
    )
    let all = try influxDBs(
      """
      - { url: "http://a:8086", database: d, retention_policy: week, username: u, password: hunter2, field: v }
      - { url: "http://b:8086", version: 2, org: o, bucket: b, token_file: t }
      """)
    #expect(all.count == 2)
    var target = InfluxDBTarget(place: .database(.init(name: "d", retentionPolicy: "week")))
    target.field = "v"
    #expect(all[0].format == .influxDB(target))
    #expect(try all[0].access.basicUsername?.reveal() == "u")
    #expect(!"\(all)".contains("hunter2"))
  }

  @Test(
    "InfluxDB: what is wrong is refused",
    arguments: [
      ("{ url: 'http://i', org: o }", "bucket"), ("{ url: 'http://i', version: 3 }", "version must be 1 or 2"),
      ("{ url: 'http://i', version: 1, database: d, token: t }", "does not belong to version 1"),
      ("{ url: 'http://i', org: o, bucket: b, token: t, token_file: f }", "not both"),
      ("{ url: 'http://i', database: d, field: 'a b' }", "field"),
      ("{ url: 'http://i', database: d, password: p }", "needs a username"),
      ("{ url: 'http://i/write', database: d }", "before the path"),
    ])
  func refusesInfluxNonsense(_ text: String, _ part: String) {
    let error = #expect(throws: YAMLError.self) { try influxDBs(text) }
    #expect(error.map { "\($0)".contains(part) } == true, "\(error.map { "\($0)" } ?? "")")
  }
}
