import HarecastTestKit
import Testing
import TimeSeries

@testable import Rules

struct TemplateTests {
  private struct Unparsable: Error, CustomStringConvertible {
    let description = "1:5: parse error: unclosed left parenthesis"
  }

  private static let environment = TemplateEnvironment(time: 60_000, externalURL: "http://ext:9090/p") { query in
    switch query {
    case "foo":
      [
        TemplateSample(labels: Labels(name: "foo", ["i": "a"]), value: 6),
        TemplateSample(labels: Labels(name: "foo", ["i": "b"]), value: 2),
      ]
    case "sum(": throw Unparsable()
    default: []
    }
  }

  private func text(_ template: String, value: Double = 1, labels: [String: String] = ["foo": "bar"]) -> String {
    do {
      return try Template(template, alertName: "a").text(
        TemplateData(
          labels: labels, value: value, externalLabels: ["x": "ext"], externalURL: "http://ext:9090/p"),
        Self.environment)
    } catch {
      return error.description
    }
  }

  @Test func `templates give what promtool gives`() {
    for (template, value, expected) in TemplateReference.cases {
      #expect(text(template, value: value) == expected, "\(template) with \(value)")
    }
  }

  @Test(arguments: [
    (#"{{ urlQueryEscape "a b&c=d/é" }}"#, "a+b%26c%3Dd%2F%C3%A9"),
    (#"{{ externalURL }} {{ pathPrefix }}"#, "http://ext:9090/p /p"),
    (#"{{ now }}"#, "60"),
    (#"{{ toDuration 5400 }} {{ toDuration "0.0015" }} {{ toDuration -90.5 }}"#, "1h30m0s 1.5ms -1m30.5s"),
    (#"{{ query "foo" | first | value }}"#, "6"),
    (#"{{ range query "foo" }}{{ .Labels.i }}={{ .Value }} {{ end }}"#, "a=6 b=2 "),
    (#"{{ (toTime 1700000000).Format "Mon 02 Jan 2006 15:04:05 MST" }}"#, "Tue 14 Nov 2023 22:13:20 UTC"),
    (#"{{ 1700000000 | toTime | printf "%v" }}"#, "2023-11-14 22:13:20 +0000 UTC"),
    (#"{{ (toTime 951782400).Month }} {{ (toTime 951782400).Day }}"#, "February 29"),
    (#"{{ reReplaceAll "^a" "b" "aaa" }}"#, "baa"),
    (#"{{ reReplaceAll "a*" "x" "baac" }}"#, "xbxcx"),
    (#"{{ reReplaceAll "(?P<first>.)(.)" "${2}${first}" "abcdé" }}"#, "badcé"),
    (#"{{ reReplaceAll "\\b" "|" "ab cd" }}"#, "|ab| |cd|"),
    (#"{{ reReplaceAll "." "$$" "ab" }}"#, "$$"),
    (#"{{ match "^b$" "ab\nb" }} {{ match "a.b" "a\nb" }}"#, "false false"),
  ])
  func `functions beyond the reference`(template: String, expected: String) {
    #expect(text(template) == expected)
  }

  @Test func `work, depth and output are bounded`() {
    #expect(text("{{ range 1000000000 }}{{ end }}").contains("takes more than 200000 steps"))
    #expect(text(#"{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}"#).contains("template depth (100)"))
    #expect(text(#"{{ $a := "aaaaaaaa" }}{{ range 30 }}{{ $a = print $a $a }}{{ end }}"#).contains("exceeds 65536"))
    #expect(text(#"{{ range 70000 }}{{ "x" }}{{ end }}"#).contains("exceeds 65536 bytes"))
    #expect(text(#"{{ printf "%999999999d" 1 }}"#) == "%!(BADWIDTH)1")
    let nested = String(repeating: "(", count: 500) + "1" + String(repeating: ")", count: 500)
    #expect(text("{{ \(nested) }}").contains("nested more than 100 levels deep"))
    let blocks = String(repeating: "{{ if 1 }}", count: 500) + String(repeating: "{{ end }}", count: 500)
    #expect(text(blocks).contains("nested more than 100 levels deep"))
    #expect(text(#"{{ range 1000 }}{{ query "foo" | len }}{{ end }}"#).contains("steps"))
    let long = String(repeating: "ab", count: 20_000)
    #expect(text("{{ reReplaceAll \"b\" \"c\" \"\(long)\" }}").contains("bytes to search"))
  }

  @Test func `twenty thousand broken templates never crash`() {
    var random = SplitMix64(seed: 20_260)
    let pieces = [
      "{{", "}}", "{{-", "-}}", "\"", "`", "'", "(", ")", "|", "$", ".", " ", "\n", "if", "else", "end", "range",
      "with", "define", "template", "block", "break", "nil", "true", "0x", "1e309", "-9223372036854775808", "printf",
      "%", "%[9]d", "%*d", "%-+# 0500.500q", "é", "\\u12", "$labels", ".Labels", "$value", ":=", "=", ",", "/*", "*/",
      "index", "slice", "first", "query \"foo\"", "toTime", "humanizeDuration", "reReplaceAll", "\u{0}", "🐇",
    ]
    var finished = 0
    for round in 0..<20_000 {
      var scalars = Array(TemplateReference.cases[round % TemplateReference.cases.count].template.unicodeScalars)
      for _ in 0...Int(random.next() % 4) {
        let place = Int(random.next() % UInt64(scalars.count + 1))
        switch random.next() % 3 {
        case 0 where !scalars.isEmpty: scalars.removeSubrange(min(place, scalars.count - 1)..<scalars.count)
        case 1 where place < scalars.count: scalars.remove(at: place)
        default:
          scalars.insert(contentsOf: Array(pieces[Int(random.next() % UInt64(pieces.count))].unicodeScalars), at: place)
        }
      }
      _ = text(String(String.UnicodeScalarView(scalars)), value: [0, -1e300, .nan, 1e20][round % 4])
      finished += 1
    }
    #expect(finished == 20_000)
  }
}
