import CZlib
import Exposition
import Testing
import TimeSeries

/// What the reference parser found in one recorded document; see `Fixtures/make_expected.py`.
struct ExpectedDocument: Sendable, CustomTestStringConvertible {
  struct Family: Sendable {
    var name: String
    var type: String
    var helpChecksum: UInt64
    var count: Int
    var sum: Double
    var notANumber: Int
    var infinite: Int
    var seriesChecksum: UInt64
  }

  var path: String
  var samples: Int
  var families: [Family] = []
  var testDescription: String { path }

  static func all() throws -> [ExpectedDocument] {
    var documents: [ExpectedDocument] = []
    for line in String(decoding: try recording("expected.tsv.gz"), as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      if fields[0] == "document" {
        documents.append(ExpectedDocument(path: fields[1], samples: try #require(Int(fields[2]))))
        continue
      }
      let family = Family(
        name: fields[1], type: fields[2], helpChecksum: try #require(UInt64(fields[3])),
        count: try #require(Int(fields[4])), sum: try #require(Double(fields[5])),
        notANumber: try #require(Int(fields[6])), infinite: try #require(Int(fields[7])),
        seriesChecksum: try #require(UInt64(fields[8])))
      documents[documents.count - 1].families.append(family)
    }
    return documents
  }
}

@Suite("Recorded documents")
struct RecordedDocumentsTests {
  /// Found by reading the documents.
  static let malformed: [String: [MalformedLine]] = [
    "rabbitmq-4.0/n1.detailed.exchange_bindings.txt.gz": [MalformedLine(line: 3, column: 62, reason: .braceNotClosed)],
    "rabbitmq-4.0/n1.detailed.exchange_names.txt.gz": [MalformedLine(line: 15, column: 58, reason: .braceNotClosed)],
    "rabbitmq-4.0/n1.detailed.bogus-registry.txt.gz": [MalformedLine(line: 1, column: 9, reason: .valueNotANumber)],
  ]

  static func checksum(_ text: String) -> UInt64 {
    let bytes = Array(text.utf8)
    return UInt64(crc32(0, bytes, UInt32(bytes.count)))
  }

  @Test("every recorded document is read as the reference parser reads it")
  func agreesWithReference() throws {
    let documents = try ExpectedDocument.all()
    #expect(documents.count == 58)
    for expected in documents {
      let document = ExpositionDocument(parsing: try recording(expected.path), format: .text)
      #expect(document.sampleCount == expected.samples, "\(expected.path)")
      #expect(document.malformed == Self.malformed[expected.path] ?? [], "\(expected.path)")
      #expect(document.families.count == expected.families.count, "\(expected.path)")
      for (family, reference) in zip(document.families, expected.families) {
        let place: Comment = "\(reference.name) in \(expected.path)"
        let isTotal = family.type == .counter && family.name.hasSuffix("_total")
        let name = isTotal ? String(family.name.dropLast(6)) : family.name
        #expect(name == reference.name, place)
        #expect(family.type.rawValue == reference.type, place)
        #expect(Self.checksum(family.help) == reference.helpChecksum, place)
        #expect(family.samples.count == reference.count, place)
        let values = family.samples.map(\.value)
        let sum = values.filter(\.isFinite).reduce(0, +)
        #expect(abs(sum - reference.sum) <= 1e-12 * abs(reference.sum), place)
        #expect(values.count(where: \.isNaN) == reference.notANumber, place)
        #expect(values.count(where: \.isInfinite) == reference.infinite, place)
        var checksum: UInt64 = 0
        for sample in family.samples {
          let suffix = family.type == .counter ? "_total" : String(sample.labels.metricName.dropFirst(name.count))
          var text = suffix + "\0"
          for label in sample.labels.withoutMetricName.elements { text += "\(label.name)\0\(label.value)\0" }
          checksum += Self.checksum(text)
        }
        #expect(checksum == reference.seriesChecksum, place)
      }
    }
  }

  @Test(
    "what was read can be written and read again, in both formats",
    arguments: [
      "rabbitmq-4.0/n1.per-object.txt.gz", "rabbitmq-4.0/n1.metrics.txt.gz", "rabbitmq-4.3/metrics_per-object.txt.gz",
      "rabbitmq-4.3/metrics_detailed.txt.gz",
    ])
  func rewritten(path: String) throws {
    let original = ExpositionDocument(parsing: try recording(path), format: .text)
    func points(_ document: ExpositionDocument) -> Set<MetricPoint> {
      Set(document.families.flatMap(\.samples))
    }
    for format in ExpositionFormat.allCases {
      let page = ExpositionWriter(ExpositionNegotiation(format: format, version: "1.0.0", escaping: .allowUTF8))
        .render(original.families)
      let again = ExpositionDocument(parsing: page.bytes, format: format)
      #expect(again.malformed == [])
      #expect(page.droppedFamilies == 0)
      #expect(page.droppedSamples == 0)
      #expect(again.sampleCount == original.sampleCount)
      if format == .text { #expect(points(again) == points(original)) }
    }
  }
}
