import Testing
import TimeSeries

@testable import RemoteWrite

@Suite("Remote-write requests")
struct WriteRequestTests {
  private let series = [
    SeriesSamples(
      labels: Labels(name: "up", ["job": "rabbit", "vhost": "ü"]), timestamps: [1_700_000_000_000, 1_700_000_015_000],
      values: [1, 0.5]),
    SeriesSamples(labels: Labels(name: "x"), timestamps: [-1], values: [StaleMarker.value]),
  ]

  /// What a decoder finds, in comparable form.
  private struct Found: Equatable {
    var labels: [String] = []
    var timestamps: [[Int64]] = []
    var values: [[UInt64]] = []
    var faults: [String] = []
    var keys: [DecodedWriteRequest.Key] = []
  }

  private func decode(
    _ body: [UInt8], as version: WriteProtocol, limits: WriteRequestLimits = WriteRequestLimits()
  ) throws -> Found {
    let decoder = WriteRequestDecoder(limits: limits, seed: (1, 2))
    var request = DecodedWriteRequest.empty
    let result: Result<Found, WriteRequestError> = body.withUnsafeBytes { bytes in
      Result { () throws(WriteRequestError) in
        try decoder.decode(bytes, as: version, into: &request) { request in
          var found = Found()
          for one in request.series {
            do {
              found.labels.append(try request.checkedLabels(of: one, limits: limits).description)
            } catch {
              found.faults.append("\(error)")
            }
            if let fault = one.fault { found.faults.append(fault) }
            found.timestamps.append(one.samples.map { request.timestamps[$0] })
            found.values.append(one.samples.map { request.values[$0].bitPattern })
            found.keys.append(one.key)
          }
          return found
        }
      }
    }
    return try result.get()
  }

  @Test(
    "what is encoded is decoded, in both versions, staleness markers bit for bit", arguments: WriteProtocol.allCases)
  func roundTrip(_ version: WriteProtocol) throws {
    let found = try decode(WriteRequestEncoder(protocol: version).encode(series), as: version)
    #expect(found.labels == [#"up{job="rabbit", vhost="ü"}"#, "x"])
    #expect(found.timestamps == [[1_700_000_000_000, 1_700_000_015_000], [-1]])
    #expect(found.values == [[Double(1).bitPattern, Double(0.5).bitPattern], [StaleMarker.value.bitPattern]])
    #expect(found.faults.isEmpty)
  }

  /// The bytes are written out by hand after the protocol's message definition.
  @Test("a message written by hand is read")
  func readsHandWrittenBytes() throws {
    // timeseries(1) { label(1) { name "__name__" value "a" } sample(2) { value 1.5 timestamp 300 } }
    let label: [UInt8] = [0x0a, 13, 0x0a, 8] + Array("__name__".utf8) + [0x12, 1, 0x61]
    let sample: [UInt8] = [0x12, 12, 0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xac, 0x02]
    let message = [0x0a, UInt8(label.count + sample.count)] + label + sample
    let found = try decode(Snappy.pack(message), as: .v1)
    #expect(found.labels == ["a"] && found.timestamps == [[300]] && found.values == [[Double(1.5).bitPattern]])
    let encoded = WriteRequestEncoder(protocol: .v1).message(
      [SeriesSamples(labels: Labels(name: "a"), timestamps: [300], values: [1.5])], metadata: [:])
    #expect(encoded == message)
  }

  @Test("samples out of order within a series are put in order, equal times keep theirs")
  func sortsSamples() throws {
    let shuffled = SeriesSamples(labels: Labels(name: "a"), timestamps: [30, 10, 20, 10], values: [3, 1, 2, 4])
    for version in WriteProtocol.allCases {
      let found = try decode(WriteRequestEncoder(protocol: version).encode([shuffled]), as: version)
      #expect(found.timestamps == [[10, 10, 20, 30]])
      #expect(found.values == [[Double(1), 4, 2, 3].map(\.bitPattern)])
    }
  }

  @Test("the same labels have the same key in the next request, others another one", arguments: WriteProtocol.allCases)
  func keysAreStable(_ version: WriteProtocol) throws {
    let encoder = WriteRequestEncoder(protocol: version)
    let all = try decode(encoder.encode(series), as: version).keys
    let one = try decode(encoder.encode([series[1]]), as: version).keys
    #expect(all[1] == one[0] && all[0] != all[1])
    // "ab" = "c" and "a" = "bc" are the same bytes in a row.
    let close = [Labels(name: "m", ["ab": "c"]), Labels(name: "m", ["a": "bc"])].map {
      SeriesSamples(labels: $0, timestamps: [1], values: [1])
    }
    #expect(Set(try decode(encoder.encode(close), as: version).keys).count == 2)
  }

  @Test("a body that declares more than it may is refused before it is unpacked")
  func refusesBombs() throws {
    // 0xffffffff bytes declared, none there; then 64 MiB of zeros, honestly packed.
    #expect { try decode([0xff, 0xff, 0xff, 0xff, 0x0f], as: .v1) } throws: {
      ($0 as? WriteRequestError)?.status == 413
    }
    let bomb = Snappy.pack([UInt8](repeating: 0, count: 80 << 20))
    #expect { try decode(bomb, as: .v1) } throws: { ($0 as? WriteRequestError)?.status == 413 }
    var limits = WriteRequestLimits()
    limits.series = 1
    let body = WriteRequestEncoder(protocol: .v1).encode(series)
    #expect { try decode(body, as: .v1, limits: limits) } throws: { ($0 as? WriteRequestError)?.status == 413 }
    limits = WriteRequestLimits()
    limits.bodyBytes = 10
    #expect { try decode(body, as: .v1, limits: limits) } throws: { ($0 as? WriteRequestError)?.status == 413 }
  }

  @Test("a series whose parts would take many times its size is refused, and so are endless symbols")
  func refusesSwellingMessages() throws {
    var samples = WireWriter()
    samples.write(5, WireWriter(bytes: [UInt8]((0..<200_000).flatMap { _ in [0x12, 0] as [UInt8] })))
    #expect { try decode(Snappy.pack(samples.bytes), as: .v2) } throws: { ($0 as? WriteRequestError)?.status == 413 }
    let symbols = [UInt8]((0..<2_000_000).flatMap { _ in [0x22, 0] as [UInt8] })
    #expect { try decode(Snappy.pack(symbols), as: .v2) } throws: { ($0 as? WriteRequestError)?.status == 413 }
    // The decoder's next message is not touched by that.
    #expect(try decode(WriteRequestEncoder(protocol: .v2).encode(series), as: .v2).labels.count == 2)
  }

  /// A value of 0 is left out on the wire, so that a sample takes nine bytes, and a label of a few letters few more.
  @Test("many small series of zeros are no swelling message", arguments: WriteProtocol.allCases)
  func readsManySmallSeries(_ version: WriteProtocol) throws {
    let small = (0..<20_000).map {
      SeriesSamples(labels: Labels(name: "m", ["i": "\($0)"]), timestamps: [1_700_000_000_000], values: [0])
    }
    #expect(try decode(WriteRequestEncoder(protocol: version).encode(small), as: version).labels.count == 20_000)
    let long = SeriesSamples(
      labels: Labels(name: "m"), timestamps: (0..<20_000).map { 1_700_000_000_000 + $0 },
      values: [Double](repeating: 0, count: 20_000))
    #expect(try decode(WriteRequestEncoder(protocol: version).encode([long]), as: version).values[0].count == 20_000)
  }

  @Test("symbols may follow the series that refer to them: the order of fields is free")
  func readsSymbolsBehindSeries() throws {
    // symbols "", "__name__", "m"; timeseries { labels_refs 1, 2; sample { timestamp 300 } }
    let symbols: [UInt8] = [0x22, 0, 0x22, 8] + Array("__name__".utf8) + [0x22, 1, 0x6d]
    let one: [UInt8] = [0x2a, 9, 0x0a, 2, 1, 2, 0x12, 3, 0x10, 0xac, 0x02]
    for message in [symbols + one, one + symbols] {
      let found = try decode(Snappy.pack(message), as: .v2)
      #expect(found.labels == ["m"] && found.timestamps == [[300]] && found.values == [[0]])
    }
  }

  @Test("a zero byte is part of a label's value", arguments: WriteProtocol.allCases)
  func keepsZeroBytes(_ version: WriteProtocol) throws {
    let labels = Labels(name: "m", ["a": "x\0y"])
    let body = WriteRequestEncoder(protocol: version).encode([
      SeriesSamples(labels: labels, timestamps: [1], values: [1])
    ])
    #expect(try decode(body, as: version).labels == [labels.description])
  }

  @Test("no damage to a body breaks the decoders", arguments: WriteProtocol.allCases)
  func survivesDamage(_ version: WriteProtocol) throws {
    let message = WriteRequestEncoder(protocol: version).message(
      series, metadata: ["up": MetricMetadata(type: .gauge, help: "h", unit: "u")])
    var outcomes = (good: 0, bad: 0)
    func attempt(_ message: [UInt8]) {
      if (try? decode(Snappy.pack(message), as: version)) != nil { outcomes.good += 1 } else { outcomes.bad += 1 }
    }
    for count in message.indices { attempt(Array(message.prefix(count))) }
    for index in message.indices {
      for value in [0, 1, 0x0a, 0x7f, 0x80, 0xff] as [UInt8] {
        var damaged = message
        damaged[index] = value
        attempt(damaged)
        damaged.insert(value, at: index)
        attempt(damaged)
      }
    }
    #expect(outcomes.bad > 100 && outcomes.good > 0)
    let body = Snappy.pack(message)
    for index in body.indices {
      var damaged = body
      damaged[index] ^= 0x55
      _ = try? decode(damaged, as: version)
    }
  }

  @Test(
    "labels that cannot be are named",
    arguments: [
      ([("", "v")], "a label without a name"), ([("a", "1"), ("a", "2")], #"label "a" comes twice"#),
      ([("a", "1")], "no metric name"),
    ])
  func namesLabelFaults(_ pairs: [(String, String)], _ fault: String) throws {
    var message = WireWriter()
    var inner = WireWriter()
    for (name, value) in pairs {
      var label = WireWriter()
      label.write(1, name)
      label.write(2, value)
      inner.write(1, label)
    }
    message.write(1, inner)
    let found = try decode(Snappy.pack(message.bytes), as: .v1)
    #expect(found.faults.count == 1 && found.faults[0].contains(fault))
  }

  @Test("a message of the other version is refused: nothing of it would be stored", arguments: WriteProtocol.allCases)
  func refusesTheOtherVersion(_ version: WriteProtocol) throws {
    let body = WriteRequestEncoder(protocol: version).encode(series)
    #expect { try decode(body, as: version == .v1 ? .v2 : .v1) } throws: { ($0 as? WriteRequestError)?.status == 400 }
  }

  @Test("the headers choose the version")
  func negotiates() throws {
    func negotiated(_ type: String?, _ encoding: String? = "snappy") -> WriteProtocol? {
      try? WriteProtocol.negotiated(contentType: type, contentEncoding: encoding)
    }
    #expect(negotiated("application/x-protobuf") == .v1 && negotiated(nil, nil) == .v1)
    #expect(negotiated("application/x-protobuf;proto=prometheus.WriteRequest") == .v1)
    #expect(negotiated("application/x-protobuf;proto=io.prometheus.write.v2.Request") == .v2)
    #expect(negotiated("Application/X-Protobuf ; proto=\"io.prometheus.write.v2.Request\"") == .v2)
    #expect(negotiated("application/x-protobuf;proto=foo.Bar") == nil)
    #expect(negotiated("application/json") == nil && negotiated("application/x-protobuf", "gzip") == nil)
  }
}
