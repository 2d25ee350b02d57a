import StrictYAML
import Testing

@Suite("YAML documents")
struct YAMLDocumentTests {
  func message(_ text: String) -> String? {
    do {
      _ = try YAMLDocument.parse(text, file: "f.yml")
      return nil
    } catch {
      return error.description
    }
  }

  @Test("places are file, line and column, both from 1")
  func places() throws {
    let root = try YAMLDocument.parse("a: 1\nb:\n  - x\n  - y: z\n", file: "f.yml")
    let entries = try root.entries("root")
    #expect(entries.map(\.key) == ["a", "b"])
    #expect(entries[1].keyPlace.description == "f.yml:2:1")
    let items = try entries[1].value.items("b")
    #expect(items[0].place.description == "f.yml:3:5")
    #expect(try items[1].entries("item")[0].value.place.description == "f.yml:4:8")
  }

  @Test(
    "an empty document is the empty mapping", arguments: ["", "\n\n", "# only a comment\n", "---\n", "~", "---\n...\n"])
  func emptyDocument(_ text: String) throws {
    let root = try YAMLDocument.parse(text, file: "f.yml")
    #expect(try root.entries("root").isEmpty)
  }

  @Test(
    "strings keep their exact text",
    arguments: [
      ("1e3", "1e3"), ("0x10", "0x10"), ("yes", "yes"), ("'yes'", "yes"), ("012", "012"), ("1.50", "1.50"),
      ("\"a\\tb\"", "a\tb"), ("2026-01-01", "2026-01-01"), ("|\n  a\n   b\n", "a\n b\n"), (">-\n  a\n  b\n", "a b"),
      ("!!str 5", "5"), ("null", ""), ("'null'", "null"), ("~", ""),
    ])
  func exactText(_ yaml: String, _ expected: String) throws {
    let root = try YAMLDocument.parse("k: \(yaml)", file: "f.yml")
    #expect(try root.entries("root")[0].value.text("k") == expected)
  }

  @Test(
    "each fault is one line that starts with its place",
    arguments: [
      ("a: 1\na: 2\n", "f.yml:1:1: the key \"a\" appears more than once"),
      ("a: 1\n'a': 2\n", "f.yml:1:1: the key \"a\" appears more than once"),
      ("1: x\n'1': y\n", "f.yml:2:1: the key \"1\" appears more than once"),
      ("a: 1\n---\nb: 2\n", "f.yml:2:1: a second document starts here; only one is allowed in a file"),
      ("a: *nowhere\n", "f.yml:1:4: not valid YAML: found undefined alias"),
      ("[1, 2]: x\n", "f.yml:1:1: a key must be a plain word or a string"),
      ("a: !!binary aGk=\n", "f.yml:1:4: the tag tag:yaml.org,2002:binary is not supported"),
      ("<<: 5\n", "f.yml:1:5: a merge key (<<) takes a mapping or a list of mappings"),
      ("<<: [5]\n", "f.yml:1:6: a merge key (<<) takes mappings only"),
    ])
  func faults(_ yaml: String, _ expected: String) {
    #expect(message(yaml) == expected)
  }

  @Test(
    "syntax errors say line and column",
    arguments: [
      ("a: [1, 2\n", "f.yml:2:1: not valid YAML: "), ("a:\n\t- x\n", "f.yml:2:1: not valid YAML: "),
      ("a: b: c\n", "f.yml:1:5: not valid YAML: "), ("a: \"x\n", "f.yml:2:1: not valid YAML: "),
      ("x: 1\na: \u{1}\n", "f.yml:2:4: not valid YAML: "),
    ])
  func syntax(_ yaml: String, _ head: String) throws {
    let text = try #require(message(yaml))
    #expect(text.hasPrefix(head), "\(text)")
    #expect(!text.contains("\n"))
  }

  @Test("aliases and merge keys are resolved: own keys win, then earlier mappings")
  func mergeKeys() throws {
    let root = try YAMLDocument.parse(
      """
      base: &base {x: 1, y: 2}
      other: &other {y: 3, z: 4}
      one: {<<: *base, x: 9}
      two: {<<: [*base, *other]}
      again: *base
      """, file: "f.yml")
    var reader = try MappingReader(root, "root")
    let one = try reader.stringMap("one")
    #expect(one.map(\.key) == ["x", "y"] && one.map(\.value) == ["9", "2"])
    let two = try reader.stringMap("two")
    #expect(two.map(\.key) == ["x", "y", "z"] && two.map(\.value) == ["1", "2", "4"])
    #expect(try reader.stringMap("again").map(\.value) == ["1", "2"])
  }

  @Test("a document of nested aliases is bounded by its number of values")
  func aliasBomb() throws {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      let uses = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(uses)]\n"
    }
    #expect(try #require(message(text)).contains("more than 1000000 values"))
  }

  @Test("nested aliases that stand as a key are refused before they are expanded")
  func aliasBombAsKey() throws {
    var text = "a0: &a0 [x, x]\n"
    for level in 1...60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    for key in ["? *a60\n: 1\n", "*a60 : 1\n", "[*a60]: 1\n"] {
      #expect(try #require(message(text + key)).contains("too many aliases"))
    }
  }

  @Test("deep nesting is one error, also on a task's stack", arguments: [66, 500, 999, 1001, 100_000])
  func depth(_ levels: Int) async throws {
    let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    let result = await Task { message(text) }.value
    #expect(result != nil)
    let block = (0..<min(levels, 2000)).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
    #expect(await Task { message(block) }.value != nil)
  }

  @Test("a file over the size bound is refused unread")
  func size() throws {
    let text = String(repeating: "a", count: YAMLDocument.maximumBytes + 1)
    #expect(try #require(message(text)).contains("more than the limit of 16777216"))
  }

  @Test("no mutation of a real file brings the parser down", arguments: 0..<8)
  func mutations(_ seed: UInt64) {
    let original = Array(
      """
      global: {scrape_interval: 15s}
      anchors: &a
        k: "v\\n\\x41"
        l: [1, 2, {m: 'n'}]
      scrape_configs:
        - job_name: 'rabbitmq'
          <<: *a
          params:
            family: ['queue', "x"]
          text: |
            block
             scalar
          folded: >-
            one
      """.utf8)
    let spice = Array("*&!|>'\"%@`{}[],:?-#\t\n \\<~\u{0}\u{85}é".utf8)
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    for _ in 0..<400 {
      var bytes = original
      for _ in 0...next(4) {
        switch next(4) {
        case 0: bytes[next(bytes.count)] = spice[next(spice.count)]
        case 1: bytes.insert(spice[next(spice.count)], at: next(bytes.count))
        case 2: bytes.remove(at: next(bytes.count))
        default: bytes.removeSubrange(min(bytes.count - 1, 20 + next(bytes.count))..<bytes.count)
        }
      }
      let text = message(String(decoding: bytes, as: UTF8.self))
      #expect(text?.contains("\n") != true && text?.hasPrefix("f.yml:") != false)
    }
  }
}
