import Foundation
import HarecastTestKit
import Testing
import TimeSeries

/// Rule files of which something is broken at random: `harecast check rules` says of each what promtool says.
@Suite(
  "Broken rule files beside promtool", .enabled(if: SupportScripts.realServersAreAvailable), .timeLimit(.minutes(5)))
struct RuleMutationTests {
  private static let originals = [
    #"""
    groups:
    - name: a
      interval: 30s
      query_offset: 1m
      limit: 10
      labels: { team: x }
      rules:
      - record: job:x:rate5m
        expr: sum by (job) (rate(x_total{a!~"b.*"}[5m])) / 2 > 1.5e3
        labels: { severity: page }
      - alert: B
        expr: |
          histogram_quantile(0.99, sum by (le) (rate(y_bucket[5m] offset 1m))) > bool 3
          and on (a) group_left (b) z @ end()
        for: 5m
        keep_firing_for: 10m
        labels:
          severity: "{{ if gt $value 3.0 }}page{{ else }}ticket{{ end }}"
        annotations:
          summary: "{{ $labels.instance }} {{ printf `%.2f` $value }} {{ humanize $value | title }}"
          description: >-
            {{ with query "up" }}{{ range . }}{{ .Labels.job }}={{ .Value | humanizePercentage }}{{ end }}{{ end }}
    - name: b
      rules: []
    """#,
    #"""
    groups:
      - name: "q\u0041"
        rules:
          - {alert: X, expr: 'absent(up{job="a"})', for: 1h30m, labels: {"ü.x": y}, annotations: {}}
          - &a {record: r, expr: &e 'vector(1)'}
          - {record: s, expr: *e}
    """#,
  ]

  private static let pieces = [
    "null", "~", "true", "1", "1.5", #""x""#, "[]", "{}", "[a]", "{a: b}", "5m", "1d", "0s", "-1m", #""""#, "!!str 5",
    "!x y",
    "&x", "*x", "|", ">", "# c", "---", "up", "sum(", "rate(x)", "x[5m]", "{{ $value }}", "{{", "}}",
    "{{ end }}",
    "0x1F", "NaN", "Inf", "\t", ": ", "- ", "expr:", "record: r", "alert: A", "for: 5m", "limit: 1", "a-b", "é", "@",
    "%",
    "`", "by", "offset 5m", "[5m:1m]", "or", "bool", "1h1h", "on", "=~", "!=", #"{__name__="x"}"#,
  ]

  @Test func `the verdict of each and the exit status of all are the same`() async throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: 20_261_128)
    let files = try (0..<400).map { index in
      let original = Self.originals[Int(random.next() % 2)]
      return try folder.write(Self.broken(original, &random), to: "\(index).yml")
    }
    let reference = try await promtool(["check", "rules", "--lint=none"] + files)
    let outcome = try await HarecastServer.run(["check", "rules", "--lint=none"] + files)
    #expect(outcome.status == 1 && reference.status == 1)
    let (ours, theirs) = (Self.verdicts(outcome.output), Self.verdicts(reference.output))
    #expect(ours.count == files.count)
    for (ours, theirs) in zip(ours, theirs) { #expect(ours == theirs) }
    let good = theirs.count { $0.contains("SUCCESS") }
    #expect(good > 20 && good < 380, "both verdicts must be among them: \(good)")
  }

  /// What is said of each file; a file that is bad has its words on the other stream.
  private static func verdicts(_ output: String) -> [String] {
    output.components(separatedBy: "Checking ").dropFirst().map {
      $0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
  }

  /// The text with a change or two: characters and lines that go, come twice or are pushed aside, other values.
  private static func broken(_ text: String, _ random: inout SplitMix64) -> String {
    var text = text
    func below(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
    for _ in 0...below(4) / 3 {
      var lines = text.components(separatedBy: "\n")
      let line = below(lines.count)
      switch below(6) {
      case 0: text.remove(at: text.index(text.startIndex, offsetBy: below(text.count)))
      case 1:
        text.insert(
          contentsOf: pieces[below(pieces.count)], at: text.index(text.startIndex, offsetBy: below(text.count)))
      case 2:
        lines.insert(lines[line], at: below(lines.count))
        text = lines.joined(separator: "\n")
      case 3:
        lines.remove(at: line)
        text = lines.joined(separator: "\n")
      case 4:
        lines[line] = below(2) == 0 ? "  " + lines[line] : String(lines[line].dropFirst(2))
        text = lines.joined(separator: "\n")
      default:
        guard let colon = lines[line].firstIndex(of: ":") else { continue }
        lines[line] = lines[line][...colon] + " " + pieces[below(pieces.count)]
        text = lines.joined(separator: "\n")
      }
    }
    return text
  }
}
