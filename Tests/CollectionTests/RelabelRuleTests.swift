import Collection
import StrictYAML
import Testing
import TimeSeries

@Suite("Relabelling")
struct RelabelRuleTests {
  func rules(_ yaml: String) throws -> [RelabelRule] {
    try RelabelRule.rules(YAMLDocument.parse(yaml, file: "r.yml").items("rules"))
  }

  func apply(_ yaml: String, _ labels: Labels) throws -> Labels? {
    RelabelRule.apply(try rules(yaml), to: labels)
  }

  static let base = "a=foo b=bar c=baz"

  @Test(
    "each action does what Prometheus documents",
    arguments: [
      // replace: the whole of the joined value must match; groups go into the replacement.
      (
        "[{source_labels: [a], target_label: d, regex: 'f(.*)', replacement: 'ch$1-ch$1'}]",
        "a=foo b=bar c=baz d=choo-choo"
      ),
      ("[{source_labels: [a, b], target_label: d}]", "a=foo b=bar c=baz d=foo;bar"),
      (
        "[{source_labels: [a, b], separator: '', target_label: d}]",
        "a=foo b=bar c=baz d=foobar"
      ),
      ("[{source_labels: [a], target_label: d, regex: 'o'}]", base),
      (
        "[{source_labels: [a], target_label: b, regex: '(fo+)', replacement: '${1}x'}]",
        "a=foo b=foox c=baz"
      ),
      (
        "[{source_labels: [a], target_label: '${1}_name', regex: '(f)oo', replacement: x}]",
        "a=foo b=bar c=baz f_name=x"
      ),
      ("[{target_label: d, replacement: fixed}]", "a=foo b=bar c=baz d=fixed"),
      ("[{source_labels: [missing], target_label: a}]", "b=bar c=baz"),
      ("[{source_labels: [a], target_label: a, replacement: ''}]", "b=bar c=baz"),
      (
        "[{source_labels: [a], target_label: d, replacement: '$2|$$'}]",
        "a=foo b=bar c=baz d=|$"
      ),
      // keep and drop
      ("[{action: keep, source_labels: [a], regex: 'f.*'}]", base),
      ("[{action: keep, source_labels: [a], regex: 'f'}]", nil),
      ("[{action: drop, source_labels: [a], regex: 'f.*'}]", nil),
      ("[{action: drop, source_labels: [a], regex: 'f'}]", base),
      ("[{action: drop, source_labels: [missing], regex: ''}]", nil),
      // keepequal and dropequal
      (
        "[{target_label: d, replacement: foo}, {action: keepequal, source_labels: [a], target_label: d}]",
        "a=foo b=bar c=baz d=foo"
      ),
      ("[{action: keepequal, source_labels: [a], target_label: b}]", nil),
      ("[{action: dropequal, source_labels: [a], target_label: a}]", nil),
      ("[{action: dropequal, source_labels: [a], target_label: b}]", base),
      // hashmod: the last eight bytes of the MD5 of "foo;bar", big endian, are 15973639978189266750.
      (
        "[{action: hashmod, source_labels: [a, b], target_label: d, modulus: 1000}]",
        "a=foo b=bar c=baz d=750"
      ),
      (
        "[{action: hashmod, source_labels: [missing], target_label: d, modulus: 10}]",
        "a=foo b=bar c=baz d=8"
      ),
      // labelmap, labeldrop, labelkeep
      (
        "[{action: labelmap, regex: '(a|b)', replacement: 'x_$1'}]",
        "a=foo b=bar c=baz x_a=foo x_b=bar"
      ),
      ("[{action: labeldrop, regex: 'a|b'}]", "c=baz"),
      ("[{action: labelkeep, regex: 'a|b'}]", "a=foo b=bar"),
      // upper and lower case
      ("[{action: uppercase, source_labels: [a], target_label: a}]", "a=FOO b=bar c=baz"),
      (
        "[{target_label: a, replacement: MiXed}, {action: lowercase, source_labels: [a, b], target_label: d}]",
        "a=MiXed b=bar c=baz d=mixed;bar"
      ),
      // Rules apply one after the other, and the first drop ends it.
      (
        "[{source_labels: [a], target_label: d}, {source_labels: [d], target_label: e, regex: '(.).*'}]",
        "a=foo b=bar c=baz d=foo e=f"
      ),
      ("[{action: drop, source_labels: [a], regex: foo}, {target_label: a, replacement: x}]", nil),
    ] as [(String, String?)])
  func actions(_ yaml: String, _ expected: String?) throws {
    let result = try apply(yaml, Labels(words: RelabelRuleTests.base))
    #expect(result == expected.map { Labels(words: $0) })
  }

  @Test("the dot of a pattern matches line breaks, as everywhere in Prometheus")
  func dotMatchesNewline() throws {
    let labels = Labels([Label("a", "x\ny")])
    #expect(try apply("[{source_labels: [a], target_label: b, regex: 'x(.*)'}]", labels)?["b"] == "\ny")
  }

  @Test(
    "rules that cannot work are refused with their place",
    arguments: [
      (
        "[{action: hashmod, source_labels: [a], target_label: b}]",
        "r.yml:1:2: relabelling action hashmod needs a modulus over 0"
      ),
      ("[{source_labels: [a]}]", "r.yml:1:2: relabelling action replace needs the key \"target_label\""),
      (
        "[{action: lowercase, source_labels: [a]}]",
        "r.yml:1:2: relabelling action lowercase needs the key \"target_label\""
      ),
      (
        "[{action: keepequal, source_labels: [a]}]",
        "r.yml:1:2: relabelling action keepequal needs the key \"target_label\""
      ),
      (
        "[{action: dropequal, source_labels: [a], target_label: b, regex: x}]",
        "r.yml:1:59: relabelling action dropequal does not take \"regex\""
      ),
      (
        "[{action: labeldrop, source_labels: [a], regex: x}]",
        "r.yml:1:22: relabelling action labeldrop does not take \"source_labels\""
      ),
      ("[{action: kep, regex: x}]", "r.yml:1:3: unknown relabelling action \"kep\"; did you mean \"keep\"?"),
      (
        "[{source_label: [a], target_label: b}]",
        "r.yml:1:3: unknown key \"source_label\" in a relabelling rule; did you mean \"source_labels\"?"
      ),
      (
        "[{action: drop, regex: '('}]",
        "r.yml:1:17: invalid regular expression \"(\": missing ): ("
      ),
      ("[{action: hashmod, target_label: a, modulus: -5}]", "r.yml:1:37: modulus must not be negative"),
    ])
  func refusals(_ yaml: String, _ expected: String) {
    do {
      _ = try rules(yaml)
      Issue.record("accepted")
    } catch {
      #expect("\(error)" == expected)
    }
  }
}
