import HarecastTestKit
import PromQL
import Testing
import TimeSeries

@testable import Rules

struct UnitTestRunnerTests {
  private func failures(_ tests: String, rules: String = "groups: []") async throws -> [String] {
    var options = UnitTestRunner.Options()
    options.query.predictor = Predictors()
    let file = try UnitTestFile.parse(tests, path: "t.yml")
    let report = await UnitTestRunner(options: options).run(
      file, rules: .success([try RuleFile.parse(rules, path: "r.yml")]))
    return report.failures
  }

  /// The failures of one expression over one series.
  private func failures(values: String, expression: String, at time: String, expected: String) async throws -> [String]
  {
    try await failures(
      """
      tests:
      - interval: 1m
        input_series: [{series: 'a{b="c"}', values: '\(values)'}]
        promql_expr_test: [{expr: '\(expression)', eval_time: \(time), exp_samples: [\(expected)]}]
      """)
  }

  @Test(arguments: [
    ("1 2 3", "a", "2m", "{labels: 'a{b=\"c\"}', value: 3}"),
    ("0+10x3", "a", "3m", "{labels: 'a{b=\"c\"}', value: 30}"),
    ("5-2x2 _ 7x1", "a", "2m", "{labels: 'a{b=\"c\"}', value: 1}"),
    ("5-2x2 _ 7x1", "a", "4m", "{labels: 'a{b=\"c\"}', value: 7}"),
    ("-1-1x2", "a", "2m", "{labels: 'a{b=\"c\"}', value: -3}"),
    ("1e3+1e1x2", "a", "2m", "{labels: 'a{b=\"c\"}', value: 1020}"),
    ("1+2e-3x1", "a", "1m", "{labels: 'a{b=\"c\"}', value: 1.002}"),
    ("1 stale", "a", "1m", ""),
    ("1 _x20", "a", "6m", ""),
    ("+Inf", "a", "0m", "{labels: 'a{b=\"c\"}', value: .inf}"),
    ("1x5", "vector(1)", "1m", "{labels: '{}', value: 1}"),
    ("1x5", "1 + 1", "1m", "{labels: '{}', value: 2}"),
    ("{{count:1 sum:2 buckets:[1]}}", "a", "0s", "{labels: 'a{b=\"c\"}', histogram: '{{count:1 sum:2 buckets:[1]}}'}"),
    ("{{count:1 buckets:[1]}}x3", "histogram_count(a)", "3m", "{labels: '{b=\"c\"}', value: 1}"),
    (
      "1 {{count:1 buckets:[1]}}+{{count:2 buckets:[2]}}x3", "a", "4m",
      "{labels: 'a{b=\"c\"}', histogram: '{{count:7 counter_reset_hint:not_reset buckets:[7]}}'}"
    ),
    (
      "{{count:7 buckets:[7]}}-{{count:2 buckets:[2]}}x2", "a", "2m",
      "{labels: 'a{b=\"c\"}', histogram: '{{count:3 buckets:[3]}}'}"
    ),
    ("{{count:1}} stale", "a", "1m", ""),
    // What lies behind the last evaluation does not exist.
    ("1x5", "count_over_time(a[2m] offset -2m)", "0s", ""),
  ])
  func `values are what their notation says`(values: String, expression: String, time: String, expected: String)
    async throws
  {
    #expect(
      try await failures(values: values, expression: expression, at: time, expected: expected).isEmpty)
  }

  @Test(arguments: ["1x", "x3", "1+x3", "one", "1+2", "1x99999999999", "1x9999999 1x9999999", "--1", "1e", "_+1x2"])
  func `values that make no sense are one failure`(values: String) async throws {
    #expect(try await failures(values: values, expression: "a", at: "0s", expected: "").count == 1)
  }

  @Test func `time may begin at any moment`() async throws {
    let tests = """
      tests:
      - interval: 1m
        start_timestamp: 2024-05-01T10:00:00Z
        input_series: [{series: a, values: 0+1x10}]
        promql_expr_test:
        - {expr: hour() * 100 + minute(), eval_time: 5m, exp_samples: [{labels: '{}', value: 1005}]}
        - {expr: r, eval_time: 5m, exp_samples: [{labels: r, value: 10}]}
      """
    #expect(try await failures(tests, rules: "groups: [{name: g, rules: [{record: r, expr: a * 2}]}]") == [])
    #expect(try await failures(tests.replacing("2024-05-01T10:00:00Z", with: "1714557600")).count == 1)
  }

  @Test func `groups are evaluated in the order that is asked for`() async throws {
    let rules = """
      groups:
      - {name: late, rules: [{record: r2, expr: r1 + 1}]}
      - {name: early, rules: [{record: r1, expr: a}]}
      """
    func tests(_ order: String) -> String {
      """
      group_eval_order: \(order)
      tests:
      - input_series: [{series: a, values: 0+1x10}]
        promql_expr_test: [{expr: r2, eval_time: 3m, exp_samples: [{labels: r2, value: 4}]}]
      """
    }
    #expect(try await failures(tests("[early, late]"), rules: rules) == [])
    #expect(try await failures(tests("[late, early]"), rules: rules).count == 1)
  }

  /// The shapes that RabbitMQ's operators write: joins on the identity, alarms over a window, a forecast of the disk,
  /// and a series made of `ALERTS`.
  @Test func `rules for RabbitMQ as its operators write them fire and rest`() async throws {
    let rules = """
      groups:
      - name: rabbitmq
        rules:
        - alert: Memory
          expr: |
            max by (rabbitmq_cluster, reason) (
              max_over_time(rabbitmq_alarms_memory_used_watermark[5m])
                * on (instance) group_left (rabbitmq_cluster) rabbitmq_identity_info
            ) > 0
          keep_firing_for: 5m
          annotations: {description: "memory alarm in `{{ $labels.rabbitmq_cluster }}`"}
        - alert: DescriptorsNearLimit
          expr: |
            sum by (rabbitmq_cluster) (max_over_time(rabbitmq_process_open_fds[5m])
              * on (instance) group_left (rabbitmq_cluster) rabbitmq_identity_info)
            /
            sum by (rabbitmq_cluster) (rabbitmq_process_max_tcp_sockets
              * on (instance) group_left (rabbitmq_cluster) rabbitmq_identity_info) > 0.8
          for: 10m
        - alert: DiskSoonFull
          expr: |
            predict_linear(rabbitmq_disk_space_available_bytes[1h], 3600 * 4)
              * on (instance) group_left (rabbitmq_cluster) rabbitmq_identity_info
            < 0 and on (instance) count_over_time(rabbitmq_disk_space_available_bytes[1h]) > 30
          for: 5m
          annotations: {value: "{{ $value | humanize1024 }}B"}
        - record: ALERTS:state
          expr: |
            label_replace(ALERTS{alertstate="pending"}, "alertstate", "1", "", "") * 1
              or label_replace(ALERTS{alertstate="firing"}, "alertstate", "2", "", "") * 2
      """
    let tests = """
      tests:
      - interval: 1m
        input_series:
        - {series: 'rabbitmq_identity_info{instance="i", rabbitmq_cluster="c"}', values: 1x120}
        - {series: 'rabbitmq_alarms_memory_used_watermark{instance="i"}', values: 0x50 1x5 0x60}
        - {series: 'rabbitmq_process_open_fds{instance="i"}', values: 90x120}
        - {series: 'rabbitmq_process_max_tcp_sockets{instance="i"}', values: 100x120}
        - {series: 'rabbitmq_disk_space_available_bytes{instance="i"}', values: 12000-60x120}
        alert_rule_test:
        - {eval_time: 50m, alertname: Memory, exp_alerts: []}
        - eval_time: 60m
          alertname: Memory
          exp_alerts:
          - exp_labels: {rabbitmq_cluster: c}
            exp_annotations: {description: "memory alarm in `c`"}
        - {eval_time: 75m, alertname: Memory, exp_alerts: []}
        - {eval_time: 9m, alertname: DescriptorsNearLimit, exp_alerts: []}
        - {eval_time: 10m, alertname: DescriptorsNearLimit, exp_alerts: [{exp_labels: {rabbitmq_cluster: c}}]}
        - eval_time: 100m
          alertname: DiskSoonFull
          exp_alerts:
          - exp_labels: {instance: i, rabbitmq_cluster: c}
            exp_annotations: {value: "-8.203kiB"}
        promql_expr_test:
        - {expr: 'count(ALERTS:state{alertstate="1"})', eval_time: 5m, exp_samples: [{labels: '{}', value: 1}]}
        - {expr: 'count(ALERTS:state{alertstate="2"})', eval_time: 100m, exp_samples: [{labels: '{}', value: 2}]}
      """
    // At minute 100 there are 12,000 - 6,000 bytes left; 240 minutes at 60 a minute later it is -8,400, or -8.203 KiB.
    #expect(try await failures(tests, rules: rules) == [])
  }

  @Test(arguments: [
    "tests: [{foo: bar}]", "foo: 1", "tests: [{promql_expr_test: [{expression: a}]}]", "tests: 5",
    "tests: [{interval: soon}]", "evaluation_interval: 5", "group_eval_order: [a, a]",
    "tests: [{start_timestamp: yesterday}]", "tests: [{promql_expr_test: [{exp_samples: [{value: many}]}]}]",
  ])
  func `a file of unit tests is read strictly`(text: String) {
    #expect(throws: RuleFileErrors.self) { try UnitTestFile.parse(text, path: "t.yml") }
  }

  @Test func `broken files of unit tests give an error and never crash`() async throws {
    let whole = Array(
      """
      evaluation_interval: 1m
      tests:
      - interval: 1m
        input_series: [{series: 'a{b="c"}', values: '0+1x5 _ stale NaN'}]
        alert_rule_test: [{eval_time: 3m, alertname: A, exp_alerts: [{exp_labels: {x: y}}]}]
        promql_expr_test: [{expr: sum(a), eval_time: 3m, exp_samples: [{labels: '{}', value: 3}]}]
      """.utf8)
    var random = SplitMix64(seed: 21)
    for _ in 0..<100 {
      var bytes = whole
      for _ in 0...(random.next() % 3) {
        let place = Int(random.next() % UInt64(bytes.count))
        if random.next() % 2 == 0 {
          bytes.remove(at: place)
        } else {
          bytes.insert(UInt8(random.next() % 95) + 32, at: place)
        }
      }
      _ = try? await failures(String(decoding: bytes, as: UTF8.self))
    }
  }
}
