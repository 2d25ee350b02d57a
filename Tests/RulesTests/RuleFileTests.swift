import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

struct RuleFileTests {
  private func errors(_ text: String) -> [String] {
    do {
      _ = try RuleFile.parse(text, path: "r.yml")
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }

  /// A file with one rule made of these lines.
  private func rule(_ lines: String...) -> String {
    "groups:\n- name: g\n  rules:\n  - " + lines.joined(separator: "\n    ") + "\n"
  }

  @Test func `a file in Prometheus's format is read completely`() throws {
    let file = try RuleFile.parse(
      """
      groups:
      - name: one
        interval: 30s
        query_offset: 1m
        limit: 10
        labels: {team: a, tier: "1"}
        rules:
        - record: job:up:sum
          expr: sum by (job) (up)
          labels: {tier: "2"}
        - alert: Down
          expr: |
            up == 0
          for: 5m
          keep_firing_for: 1h30m
          labels: {severity: page}
          annotations:
            summary: "{{ $labels.instance }} is down"
      - name: two
      """, path: "r.yml")
    #expect(file.ruleCount == 2)
    #expect(file.groups.map(\.name) == ["one", "two"])
    let group = file.groups[0]
    #expect(group.interval == 30_000)
    #expect(group.queryOffset == 60_000)
    #expect(group.limit == 10)
    #expect(group.rules[0].name == "job:up:sum")
    #expect(group.rules[0].labels == [Label("team", "a"), Label("tier", "2")])
    #expect(group.rules[1].labels == [Label("severity", "page"), Label("team", "a"), Label("tier", "1")])
    guard case .alerting(let block) = group.rules[1].kind else { throw RuleFault("no alert") }
    #expect(block.hold == 300_000)
    #expect(block.keepFiringFor == 5_400_000)
    #expect(block.annotations == [Label("summary", "{{ $labels.instance }} is down")])
  }

  @Test(arguments: [
    "", "groups:\n", "groups:\n-\n", "groups:\n- name: g\n  rules:\n  -\n", "groups:\n- name: g\n  interval: 0s\n",
    "groups:\n- name: g\n  limit: -1\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: 1\n    labels: {a: 1, b: true, c: ~, \"a-b\": x}\n",
    "groups:\n- name: g\n  rules:\n  - record: a b\n    expr: b\n    for: 0s\n",
    "groups:\n- name: g\n  rules:\n  - &r\n    alert: a\n    expr: b\n    labels: &l {x: y}\n  - alert: c\n"
      + "    expr: d\n    labels:\n      <<: *l\n      z: w\n",
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: b\n  - record: a\n    expr: b\n",
    "groups:\n- name: g\n  rules:\n  - alert: a\n    expr: b\n    annotations: {s: '{{ .Foo }}', t: '{{ humanize }}'}\n",
  ])
  func `what promtool accepts is accepted`(text: String) {
    #expect(errors(text) == [])
  }

  @Test func `faults are told in the words of promtool, with their place`() {
    #expect(errors("groups:\n- rules: []\n") == ["r.yml: 2:3: Groupname must not be empty"])
    #expect(
      errors("groups:\n- name: g\n- name: g\n") == [#"r.yml: 3:3: groupname: "g" is repeated in the same file"#])
    #expect(
      errors(rule("record: a", "alert: b", "expr: c"))
        == [#"r.yml: 4:5: group "g", rule 1, "b": only one of 'record' and 'alert' must be set"#])
    #expect(
      errors(rule("expr: c")) == [#"r.yml: 4:5: group "g", rule 1, "": one of 'record' or 'alert' must be set"#])
    #expect(
      errors(rule("record: a")) == [#"r.yml: 4:5: group "g", rule 1, "a": field 'expr' must be set in rule"#])
    #expect(
      errors(rule("record: a", "expr: sum(b"))
        == [
          #"r.yml: 5:11: group "g", rule 1, "a": could not parse expression: "#
            + "1:6: parse error: unclosed left parenthesis"
        ])
    #expect(
      errors(rule("record: a", "expr: b", "for: 1m", "keep_firing_for: 1m", "annotations: {a: b}"))
        == [
          #"r.yml: 8:5: group "g", rule 1, "a": invalid field 'annotations' in recording rule"#,
          #"r.yml: 6:5: group "g", rule 1, "a": invalid field 'for' in recording rule"#,
          #"r.yml: 7:5: group "g", rule 1, "a": invalid field 'keep_firing_for' in recording rule"#,
        ])
    #expect(
      errors(rule("record: a{x=1}", "expr: b"))
        == [
          #"r.yml: 4:5: group "g", rule 1, "a{x=1}": braces present in the recording rule name; "#
            + "should it be in expr?: a{x=1}"
        ])
    #expect(
      errors(rule("record: a", "expr: b", "labels: {__name__: x}"))
        == [#"r.yml: 6:5: group "g", rule 1, "a": invalid label name: __name__"#])
    #expect(errors("groups:\n- name: g\n  labels: {__name__: x}\n") == ["r.yml: 3:3: invalid label name: __name__"])
    #expect(
      errors(rule("alert: a", "expr: b", "annotations: {s: '{{ $labels.x'}", "labels: {t: '{{ foo }}'}"))
        == [
          #"r.yml: 7:5: group "g", rule 1, "a": label "t": template: __alert_a:1: function "foo" not defined"#,
          #"r.yml: 6:5: group "g", rule 1, "a": annotation "s": template: __alert_a:1: unclosed action"#,
        ])
    #expect(
      errors(rule("alert: a", "expr: b", "for: 1x"))
        == [#"r.yml: 6:10: group "g", rule 1, "a": unknown unit "x" in duration "1x""#])
    #expect(
      errors(rule("alert: a", "expr: b", "for: 30"))
        == [#"r.yml: 6:10: group "g", rule 1, "a": not a valid duration string: "30""#])
    #expect(errors("groups:\n- name: g\n  interval: \"\"\n") == ["r.yml: 3:13: empty duration string"])
    #expect(
      errors("groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(\n  - expr: x\n")
        == [
          #"r.yml: 5:11: group "g", rule 1, "a": could not parse expression: "#
            + "1:5: parse error: unclosed left parenthesis",
          #"r.yml: 6:5: group "g", rule 2, "": one of 'record' or 'alert' must be set"#,
        ])
  }

  @Test func `an unknown key is refused with the nearest known one`() throws {
    let messages = errors(rule("record: a", "expr: b", "label: {x: y}"))
    #expect(messages.count == 1)
    let message = try #require(messages.first)
    #expect(message.hasPrefix("r.yml: 6:5: "))
    #expect(message.contains("\"label\""))
    #expect(message.contains("labels"))
    #expect(errors("groups: {a: b}\n").count == 1)
    #expect(errors("- a\n").count == 1)
    #expect(errors("groups:\n\t- name: g\n").count == 1)
  }

  @Test func `a forecast block has defaults and keeps what is written`() throws {
    let file = try RuleFile.parse(
      rule("record: a", "expr: b", "forecast: {horizons: [1h, 15m, 24h]}"), path: "r.yml")
    guard case .forecast(let block) = file.groups[0].rules[0].kind, case .horizons(let horizons) = block.target else {
      throw RuleFault("no forecast")
    }
    #expect(horizons.map(\.text) == ["15m", "1h", "24h"])
    #expect(horizons.map(\.milliseconds) == [900_000, 3_600_000, 86_400_000])
    #expect(block.quantiles == [0.025, 0.5, 0.975])
    #expect(block.models == ["auto"])
    #expect(block.history == 14 * 86_400_000)
    #expect(block.step == 60_000)
    #expect(block.limit == 200)
  }

  @Test(
    "a short step shortens the history that a rule does not name to what may be learnt",
    arguments: ["forecast: {horizons: [1h], step: 5s}", "anomaly: {step: 5s}"])
  func shortHistory(block: String) throws {
    switch try RuleFile.parse(rule("record: a", "expr: b", block), path: "r.yml").groups[0].rules[0].kind {
    case .forecast(let block): #expect(block.history == 50_000 * 5000)
    case .anomaly(let block): #expect(block.history == 50_000 * 5000)
    default: Issue.record("no prediction")
    }
  }

  @Test func `a forecast of a limit and an anomaly block are read`() throws {
    let file = try RuleFile.parse(
      """
      groups:
      - name: g
        rules:
        - record: t_seconds
          expr: used
          forecast: {until: max_used, horizon: 12h, probability: 0.9, history: 2d, step: 30s, limit: 7}
        - record: score
          expr: used
          anomaly: {history: 3d, false_alarms: 2 per 10d, direction: up}
      """, path: "r.yml")
    guard case .forecast(let forecast) = file.groups[0].rules[0].kind, case .limit(let target) = forecast.target,
      case .anomaly(let anomaly) = file.groups[0].rules[1].kind
    else { throw RuleFault("wrong kinds") }
    #expect(target.text == "max_used")
    #expect(target.horizon == 43_200_000)
    #expect(target.probability == 0.9)
    #expect(forecast.step == 30_000)
    #expect(forecast.limit == 7)
    #expect(anomaly.history == 3 * 86_400_000)
    #expect(anomaly.falseAlarmsPerDay == 0.2)
    #expect(anomaly.direction == .up)
  }

  @Test(arguments: [
    ("forecast: {}", "a forecast block needs 'horizons' or 'until'"),
    ("forecast: {horizons: [30s]}", "the horizon 30s is shorter than the step 1m"),
    ("forecast: {horizons: [5y], step: 1m}", "has 2628000 steps, more than the limit of 50000"),
    ("forecast: {horizons: [1h], quantiles: [0.5, 1]}", "the quantile 1.0 is not between 0 and 1"),
    ("forecast: {horizons: [1h, 60m]}", "the horizon 60m is given twice"),
    ("forecast: {horizons: [1h], model: crystal}", "unknown forecast model \"crystal\""),
    (
      "forecast: {horizons: [1h], companions: [rate]}",
      "'companions' need a model that looks at them: lstm, two_model"
    ),
    ("forecast: {horizons: [1h], model: lstm, companions: []}", "companions: give 1 to 16 expressions"),
    ("forecast: {horizons: [1h], model: lstm, companions: ['sum(']}", "parse error: unclosed left parenthesis"),
    ("forecast: {horizons: [1h], limit: 0}", "limit: 0 is not between 1 and 100000"),
    ("forecast: {horizons: [1h], probability: 0.5}", "'probability' needs 'until' in a forecast block"),
    ("forecast: {until: 'sum('}", "could not parse expression: 1:5: parse error: unclosed left parenthesis"),
    ("forecast: {until: x, probability: 1.5}", "probability: 1.5 is not between 0 and 1"),
    ("forecast: {until: x, horizons: [1h]}", "'horizons' does not go with 'until' in a forecast block"),
    ("forecast: {horizons: [1h], history: 400d}", "more than the limit of 50000"),
    ("anomaly: {false_alarms: often}", "\"often\" is not a rate; write for instance 1 per 30d"),
    ("anomaly: {direction: left}", "\"left\" is not one of up, down, both"),
    ("anomaly: {histroy: 7d}", "histroy"),
  ])
  func `a prediction block that makes no sense is refused`(block: String, expected: String) throws {
    let messages = errors(rule("record: a", "expr: b", block))
    #expect(messages.count == 1)
    let message = try #require(messages.first)
    #expect(message.hasPrefix("r.yml: 6:"))
    #expect(message.contains(expected), "\(message)")
  }

  @Test func `an alerting rule takes no prediction block, and a recording rule only one`() {
    #expect(
      errors(rule("alert: a", "expr: b", "anomaly: {}"))
        == [#"r.yml: 6:5: group "g", rule 1, "a": invalid field 'anomaly' in alerting rule"#])
    #expect(
      errors(rule("record: a", "expr: b", "forecast: {horizons: [1h]}", "anomaly: {}"))
        == [#"r.yml: 7:5: group "g", rule 1, "a": only one of 'forecast' and 'anomaly' must be set"#])
  }

  @Test func `broken files give errors with a place and never crash`() throws {
    let whole = Array(
      """
      groups:
      - name: one
        interval: 30s
        labels: {team: a}
        rules:
        - record: a_forecast
          expr: sum by (job) (up)
          forecast: {horizons: [15m, 1h], quantiles: [0.1, 0.5], model: [auto, drift], history: 1d, limit: 5}
        - record: b_seconds
          expr: b
          forecast: {until: "c * 2", horizon: 2h, probability: 0.7}
        - record: c_score
          expr: c
          anomaly: {history: 7d, false_alarms: 1 per 30d, direction: up}
        - alert: Down
          expr: up == 0
          for: 5m
          annotations: {summary: "{{ $labels.instance }} is {{ $value | humanize }}"}
      """.unicodeScalars)
    let pieces = [
      "{", "}", "[", "]", ":", "- ", "\n", "\t", "'", "\"", "&a", "*a", "<<: ", "99999999999999999999", "-1", "1e400",
      "9223372036854775807d", "null", "true", "{{", "}}", "#", "\u{0}", "é", "groups:", "until: ", "per",
    ]
    var random = SplitMix64(seed: 4)
    var refused = 0
    for _ in 0..<2000 {
      var scalars = whole
      for _ in 0...Int(random.next() % 3) {
        let place = Int(random.next() % UInt64(scalars.count))
        switch random.next() % 4 {
        case 0: scalars.removeSubrange(place..<min(scalars.count, place + Int(random.next() % 12)))
        case 1: scalars.remove(at: place)
        default:
          scalars.insert(contentsOf: Array(pieces[Int(random.next() % UInt64(pieces.count))].unicodeScalars), at: place)
        }
        if scalars.isEmpty { scalars = whole }
      }
      let messages = errors(String(String.UnicodeScalarView(scalars)))
      if !messages.isEmpty { refused += 1 }
      #expect(messages.allSatisfy { $0.hasPrefix("r.yml: ") && !$0.contains("\n") }, "\(messages)")
    }
    #expect(refused > 1000)
  }
}
