import Exposition
import Testing
import TimeSeries

@Suite("Random documents")
struct RandomDocumentsTests {
  static let characters = Array("abz_09:.-\"\\\n {}#,=\t\räπ🐰\0")

  static func text(_ range: ClosedRange<Int>, _ random: inout SplitMix64) -> String {
    String((0..<Int.random(in: range, using: &random)).compactMap { _ in characters.randomElement(using: &random) })
  }

  static func value(_ random: inout SplitMix64) -> Double {
    switch Int.random(in: 0..<6, using: &random) {
    case 0: Double(Int.random(in: -1000...1000, using: &random))
    case 1: [Double.infinity, -.infinity, StaleMarker.normalNaN, -0.0].randomElement(using: &random) ?? 0
    case 2: Double.random(in: -1...1, using: &random)
    default:
      // Any bits at all, NaNs made ordinary as reading makes them.
      { $0.isNaN ? StaleMarker.normalNaN : $0 }(Double(bitPattern: random.next()))
    }
  }

  static func labels(_ random: inout SplitMix64) -> [Label] {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in
      // The two names with a meaning of their own are left to the types that give it.
      Label("x" + text(0...5, &random), text(1...8, &random))
    }
  }

  static func family(_ index: Int, _ random: inout SplitMix64) -> MetricFamily {
    let name = "m\(index)" + text(0...6, &random) + "x"
    let type = [MetricType.counter, .gauge, .unknown, .histogram, .summary].randomElement(using: &random) ?? .gauge
    var points: [Labels: MetricPoint] = [:]
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      var set = labels(&random)
      var sampleName = name
      switch type {
      case .counter: sampleName += "_total"
      case .histogram:
        sampleName += ["_bucket", "_sum", "_count"].randomElement(using: &random) ?? ""
        if sampleName.hasSuffix("_bucket") {
          set.append(Label("le", ["0.5", "1.0", "1e+06", "+Inf"].randomElement(using: &random) ?? "1.0"))
        }
      case .summary: set.append(Label("quantile", ["0.5", "0.99"].randomElement(using: &random) ?? "0.5"))
      default: break
      }
      let key = Labels(set + [Label("__name__", sampleName)])
      let timestamp =
        Bool.random(using: &random) ? Int64.random(in: -1_000_000...4_000_000_000_000, using: &random) : nil
      points[key] = MetricPoint(labels: key, value: value(&random), timestamp: timestamp)
    }
    // A carriage return at the end of a text line is taken for a part of the line's end.
    let help = text(0...20, &random).replacing("\r", with: "")
    return MetricFamily(name: name, type: type, help: help, samples: Array(points.values))
  }

  @Test("families written and read again are the same", arguments: ExpositionFormat.allCases)
  func roundTrip(format: ExpositionFormat) throws {
    var random = SplitMix64(seed: 7)
    for _ in 0..<1_000 {
      let families = (0..<Int.random(in: 1...5, using: &random)).map { Self.family($0, &random) }
      let page = ExpositionWriter(ExpositionNegotiation(format: format, version: "1.0.0", escaping: .allowUTF8))
        .render(families)
      try #require(page.droppedSamples == 0 && page.droppedFamilies == 0)
      let document = ExpositionDocument(parsing: page.bytes, format: format)
      try #require(document.malformed == [], "\(String(decoding: page.bytes, as: UTF8.self))")
      for family in families {
        let isTotal = family.type == .counter && format == .text
        let read = try #require(document[isTotal ? family.name + "_total" : family.name])
        #expect(read.type == family.type)
        #expect(read.help == family.help)
        #expect(Set(read.samples) == Set(family.samples))
      }
    }
  }

  @Test("names are escaped to a legal document", arguments: ExpositionFormat.allCases)
  func escapedNames(format: ExpositionFormat) throws {
    var random = SplitMix64(seed: 8)
    for _ in 0..<500 {
      let families = (0..<Int.random(in: 1...5, using: &random)).map { Self.family($0, &random) }
      let page = ExpositionWriter(ExpositionNegotiation(format: format, version: "1.0.0", escaping: .underscores))
        .render(families)
      let document = ExpositionDocument(parsing: page.bytes, format: format)
      try #require(document.malformed == [], "\(String(decoding: page.bytes, as: UTF8.self))")
      let samples = document.families.flatMap(\.samples)
      #expect(samples.count == families.map(\.samples.count).reduce(0, +) - page.droppedSamples)
      #expect(Set(samples.map(\.labels)).count == samples.count)
      for label in samples.flatMap(\.labels.elements) { #expect(Labels.isClassicLabelName(label.name)) }
    }
  }

  @Test("damaged documents cost lines, never the process", arguments: ExpositionFormat.allCases)
  func damaged(format: ExpositionFormat) throws {
    var random = SplitMix64(seed: 9)
    let paths = ["rabbitmq-4.0/n1.detailed.queue_metrics.txt.gz", "rabbitmq-4.3/metrics_memory-breakdown.txt.gz"]
    var sources = try paths.map { try recording($0) }
    sources.append(
      Array(
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 5 1.5 # {t=\"x\\\"}\"} 0.5 7\n{\"q.r\",b=\"c\"} 1e-5\n# EOF\n".utf8))
    let telling = Array("\"\\{}=, \t\n\r#0123456789.eE+-NaInf_".utf8) + [0, 0xff, 0xc3]
    for round in 0..<10_000 {
      let source = sources[round % sources.count]
      let start = Int.random(in: 0..<source.count, using: &random)
      var bytes = Array(source[start..<min(source.count, start + 600)])
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[index] = telling.randomElement(using: &random) ?? 0
        case 2: bytes.insert(telling.randomElement(using: &random) ?? 0, at: index)
        default: if bytes.count > 1 { bytes.remove(at: index) }
        }
      }
      let newlines = bytes.count { $0 == 10 }
      let found = events(bytes, format)
      // One event a line at most, and one for a missing end marker.
      #expect(found.count <= newlines + 2)
    }
  }

  @Test("a line of 200,000 labels is read in time that grows with their number", .timeLimit(.minutes(1)))
  func manyLabels() {
    let labels = (0..<200_000).map { "l\($0)=\"\"" }.joined(separator: ",")
    #expect(events("a{\(labels)} 1") == ["a = 1.0"])
    let column = labels.utf8.count + 4
    #expect(events("a{\(labels),l7=\"x\"} 1") == ["malformed 1:\(column): label name given twice"])
    #expect(events(String(repeating: "a{", count: 200_000)).count == 1)
    #expect(events("a{b=\"" + String(repeating: "\\", count: 500_001)) == ["malformed 1:500007: closing quote missing"])
  }

  @Test("the quick split of a line and the careful one agree")
  func quickAndCarefulAgree() {
    // An exemplar sends a line the careful way.
    var random = SplitMix64(seed: 10)
    for _ in 0..<5_000 {
      let labels = Labels(Self.labels(&random).filter { !$0.value.contains("#") } + [Label("__name__", "a")])
      let point = MetricPoint(labels: labels, value: Self.value(&random), timestamp: 1500)
      let negotiation = ExpositionNegotiation(format: .openMetrics, version: "1.0.0", escaping: .allowUTF8)
      let family = MetricFamily(name: "a", type: .gauge, samples: [point])
      let page = String(decoding: ExpositionWriter(negotiation).render([family]).bytes, as: UTF8.self)
      let quick = events(page, .openMetrics)
      let line = page.split(separator: "\n")[1]
      let careful = events(page.replacing(line, with: line + " # {} 1"), .openMetrics)
      #expect(quick.map { $0 + ($0.hasPrefix("type") ? "" : " # {} = 1.0") } == careful)
    }
  }
}
