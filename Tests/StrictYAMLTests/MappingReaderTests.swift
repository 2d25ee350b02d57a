import StrictYAML
import Testing

@Suite("Reading mappings")
struct MappingReaderTests {
  func reader(_ yaml: String, _ what: String = "the file") throws -> MappingReader {
    try MappingReader(YAMLDocument.parse(yaml, file: "f.yml"), what)
  }

  func error(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("an unknown key names its place and the nearest known key")
  func unknownKey() throws {
    var reader = try reader("scrape_intervall: 5s\n", "global")
    _ = try reader.optionalDuration("scrape_interval")
    _ = try reader.optionalDuration("scrape_timeout")
    #expect(
      error { try reader.finish() }
        == "f.yml:1:1: unknown key \"scrape_intervall\" in global; did you mean \"scrape_interval\"?")
  }

  @Test("an unknown key that resembles nothing has no suggestion")
  func unknownKeyAlone() throws {
    var reader = try reader("a: 1\nzebra: 5s\n")
    _ = try reader.int("a")
    #expect(error { try reader.finish() } == "f.yml:2:1: unknown key \"zebra\" in the file")
  }

  @Test("values come in the type that was asked for")
  func values() throws {
    var reader = try reader(
      """
      s: 1e3
      d: 1h30m
      i: -7
      h: 0x1f
      b: yes
      n: 2.5e-3
      inf: -.inf
      z: 10MB
      list: [a, 2]
      map: {k: v, "2": ~}
      nothing:
      """)
    #expect(try reader.string("s") == "1e3")
    #expect(try reader.duration("d") == 5_400_000)
    #expect(try reader.int("i") == -7)
    #expect(try reader.int("h") == 31)
    #expect(try reader.bool("b"))
    #expect(try reader.double("n") == 0.0025)
    #expect(try reader.double("inf") == -Double.infinity)
    #expect(try reader.byteSize("z") == 10_485_760)
    #expect(try reader.strings("list") == ["a", "2"])
    let map = try reader.stringMap("map")
    #expect(map.map(\.key) == ["k", "2"] && map.map(\.value) == ["v", ""])
    #expect(try reader.optionalInt("nothing") == nil)
    #expect(try reader.optionalString("absent") == nil)
    try reader.finish()
  }

  @Test(
    "sizes count in steps of 1024 whatever the spelling",
    arguments: [
      ("0", 0), ("1B", 1), ("2KB", 2048), ("2KiB", 2048), ("1.5GiB", 1_610_612_736), ("7EB", 7 << 60),
    ])
  func sizes(_ text: String, _ bytes: Int) throws {
    var reader = try reader("k: \(text)")
    #expect(try reader.byteSize("k") == bytes)
  }

  @Test(
    "wrong values name the key, the place and what was found",
    arguments: [
      ("duration", "k: 15x", "f.yml:1:4: k: \"15x\" is not a duration; write for instance 15s or 1h30m"),
      ("int", "k: '5'", "f.yml:1:4: expected a whole number for k, found \"5\""),
      ("int", "k: 99999999999999999999", "f.yml:1:4: expected a whole number for k, found \"99999999999999999999\""),
      ("int", "k: 1.5", "f.yml:1:4: expected a whole number for k, found \"1.5\""),
      ("bool", "k: 'true'", "f.yml:1:4: expected true or false for k, found \"true\""),
      ("bool", "k: [true]", "f.yml:1:4: expected true or false for k, found a list"),
      ("double", "k: nan", "f.yml:1:4: expected a number for k, found \"nan\""),
      ("byteSize", "k: 10", "f.yml:1:4: k: \"10\" is not a size; write for instance 512KB, 10MB or 1GiB"),
      ("byteSize", "k: 8EB", "f.yml:1:4: k: \"8EB\" is not a size; write for instance 512KB, 10MB or 1GiB"),
      ("string", "k: {a: b}", "f.yml:1:4: expected a string for k, found a mapping"),
      ("mapping", "k: 5", "f.yml:1:4: expected a mapping for k, found \"5\""),
      ("sequence", "k: 5", "f.yml:1:4: expected a list for k, found \"5\""),
      ("string", "j: 5", "f.yml:1:1: the file needs the key \"k\""),
    ])
  func wrongValues(_ kind: String, _ yaml: String, _ expected: String) throws {
    var reader = try reader(yaml)
    let text = error {
      switch kind {
      case "duration": _ = try reader.duration("k")
      case "int": _ = try reader.int("k")
      case "bool": _ = try reader.bool("k")
      case "double": _ = try reader.double("k")
      case "byteSize": _ = try reader.byteSize("k")
      case "mapping": _ = try reader.mapping("k")
      case "sequence": _ = try reader.sequence("k")
      default: _ = try reader.string("k")
      }
    }
    #expect(text == expected)
  }

  @Test("a key that is known but not supported says so, and is fine when null")
  func refusedKey() throws {
    var first = try reader("k: 1\n")
    #expect(error { try first.refuse("k", "no such thing") } == "f.yml:1:1: \"k\" is not supported: no such thing")
    var second = try reader("k:\n")
    try second.refuse("k", "no such thing")
    try second.finish()
  }

  @Test("the nearest word is within a third of the letters")
  func nearest() {
    #expect(NearestWord.of("jobname", in: ["job_name", "name"]) == "job_name")
    #expect(NearestWord.of("kitten", in: ["sitting"]) == nil)
    #expect(NearestWord.of("", in: ["a"]) == nil)
    #expect(NearestWord.of(String(repeating: "a", count: 100), in: ["a"]) == nil)
  }
}
