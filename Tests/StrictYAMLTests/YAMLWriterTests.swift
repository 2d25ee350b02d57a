import StrictYAML
import Testing

@Suite("Documents written again")
struct YAMLWriterTests {
  private func parse(_ text: String) throws -> YAMLNode { try YAMLDocument.parse(text, file: "x.yml") }

  /// What a value is, without its place.
  private func shape(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let scalar): "\(scalar.isPlain ? "plain" : "text"):\(scalar.text.debugDescription)"
    case .sequence(let items): "[" + items.map(shape).joined(separator: ",") + "]"
    case .mapping(let entries):
      "{" + entries.map { "\($0.key.debugDescription)=\(shape($0.value))" }.joined(separator: ",") + "}"
    }
  }

  @Test("mappings and lists stand as Prometheus writes them")
  func layout() throws {
    let text = """
      # The defaults.
      global: {scrape_interval: 15s, external_labels: {}}
      scrape_configs:
        - job_name: 'rabbit'
          static_configs: [{targets: [a:1, "b:2"]}]
          params: {family: []}
        - {job_name: other}
      """
    #expect(
      try parse(text).written() == """
        global:
          scrape_interval: 15s
          external_labels: {}
        scrape_configs:
        - job_name: "rabbit"
          static_configs:
          - targets:
            - a:1
            - "b:2"
          params:
            family: []
        - job_name: other

        """)
  }

  @Test(
    "what is written is read as the same",
    arguments: [
      "a", "- 1\n- [2, [3, {b: 4}], []]\n- {}\n- - - x\n", "a: ~\nb: ''\nc: null\n'null': 'null'\n\"1\": '1'\n",
      "text: |\n  two\n  lines\nfolded: >-\n  one\n  line\ntab: \"a\\tb\"\n",
      "odd: \"\\u0001\\u0085\\u2028\\\\ \\\" # :\"\n",
      "base: &b {x: 1}\nuse: *b\nmerged: {<<: *b, y: 2}\n", "'a b': 1\n'': 2\n'{': 3\n'#': 4\nyes: 5\n",
      "- a: 1\n  b:\n  - c\n  -\n    d: e\n", "plain: a long\n  plain scalar\n",
    ])
  func roundTrip(text: String) throws {
    let node = try parse(text)
    let written = node.written()
    #expect(try shape(parse(written)) == shape(node), "\(written)")
    #expect(!written.contains("&b") && !written.contains("*b"))
  }

  @Test("a scalar can be replaced by what it is under")
  func replacement() throws {
    let node = try parse("a: {password: x, name: y, secrets: [p, q]}\n")
    let written = node.written { keys, _ in ["password", "secrets"].contains(keys.last) ? "<secret>" : nil }
    #expect(
      written == "a:\n  password: \"<secret>\"\n  name: y\n  secrets:\n  - \"<secret>\"\n  - \"<secret>\"\n")
  }
}
