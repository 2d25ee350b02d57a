import Collection
import Exposition
import Foundation
import Glibc
import HarecastTestKit
import SeriesStore
import Testing
import TimeSeries

@testable import RemoteWrite

/// Requests as the specification of remote-write forbids them, and what it has them answered.
@Suite("Malformed remote-write requests", .timeLimit(.minutes(2)))
struct WriteAPITests {
  private static let now: Int64 = 1_800_000_000_000
  private static let v1 = "application/x-protobuf"
  private static let v2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"

  /// A request, and the status that it deserves.
  struct Probe: CustomTestStringConvertible {
    var testDescription: String
    var status: Int
    var body: [UInt8]
    var contentType: String? = WriteAPITests.v1
    var contentEncoding: String? = "snappy"

    init(_ name: String, _ status: Int, _ body: [UInt8], type: String? = WriteAPITests.v1, encoding: String? = "snappy")
    {
      (testDescription, self.status, self.body) = (name, status, body)
      (contentType, contentEncoding) = (type, encoding)
    }
  }

  // MARK: Messages

  /// A 1.0 series: labels, and one sample of value 1.
  private static func series(_ labels: [([UInt8], [UInt8])], at timestamp: Int64 = now) -> [UInt8] {
    var sample = WireWriter()
    sample.write(1, 1.0)
    sample.write(2, UInt64(bitPattern: timestamp))
    return field(1, labels.flatMap { field(1, field(1, $0.0) + field(2, $0.1)) } + field(2, sample.bytes))
  }

  private static func named(_ name: String, _ more: [(String, String)] = []) -> [([UInt8], [UInt8])] {
    ([("__name__", name)] + more).map { (Array($0.0.utf8), Array($0.1.utf8)) }
  }

  /// A 2.0 request with one series whose labels are given as references.
  private static func request(symbols: [[UInt8]], references: [UInt64], _ more: [UInt8] = []) -> [UInt8] {
    var packed = WireWriter()
    for reference in references { packed.write(varint: reference) }
    var sample = WireWriter()
    sample.write(1, 1.0)
    sample.write(2, UInt64(bitPattern: now))
    return symbols.flatMap { field(4, $0) } + field(5, field(1, packed.bytes) + field(2, sample.bytes) + more)
  }

  private static let symbols: [[UInt8]] = ["", "__name__", "m", "a", "1"].map { Array($0.utf8) }

  /// A field of bytes.
  private static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var writer = WireWriter()
    writer.write(varint: value)
    return writer.bytes
  }

  // MARK: Probes

  static let headers: [Probe] = {
    let body = Snappy.pack(series(named("m")))
    return [
      Probe("another media type", 415, body, type: "text/plain"),
      Probe("JSON", 415, body, type: "application/json"),
      Probe("a message that nobody knows", 415, body, type: v1 + ";proto=foo.Bar"),
      Probe("gzip", 415, body, encoding: "gzip"), Probe("zstd", 415, body, encoding: "zstd"),
      Probe("1.0 by its full name", 204, body, type: v1 + ";proto=prometheus.WriteRequest"),
      Probe("a media type in capitals", 204, body, type: "Application/X-Protobuf"),
      Probe("no content type: 1.0", 204, body, type: nil), Probe("no encoding: snappy", 204, body, encoding: nil),
      Probe(
        "2.0 with a space before its parameter", 204, Snappy.pack(request(symbols: symbols, references: [1, 2])),
        type: v2.replacing(";", with: "; ")),
      Probe("a 2.0 message that says it is 1.0", 400, Snappy.pack(request(symbols: symbols, references: [1, 2]))),
      Probe("a 1.0 message that says it is 2.0", 400, body, type: v2),
    ]
  }()

  static let bodies: [Probe] = [(v1, UInt64(1)), (v2, 5)].flatMap { type, number -> [Probe] in
    let message = type == v1 ? series(named("m")) : request(symbols: symbols, references: [1, 2])
    let body = Snappy.pack(message)
    let head = varint(number << 3 | 2)
    func packed(_ name: String, _ status: Int, _ message: [UInt8]) -> Probe {
      Probe(name, status, Snappy.pack(message), type: type)
    }
    return [
      Probe("nothing", 400, [], type: type),
      Probe("not snappy", 400, [0xfa, 0x8b] + Array("nonsense".utf8), type: type),
      Probe("not packed", 400, message, type: type), Probe("cut short", 400, body.dropLast(5), type: type),
      Probe("the framed format", 400, [0xff, 6, 0, 0] + Array("sNaPpY".utf8) + body, type: type),
      Probe("4 GiB declared", 413, varint(0xffff_ffff) + [0x48] + [UInt8](repeating: 0, count: 19), type: type),
      Probe("a size beyond 32 bits", 400, [UInt8](repeating: 0xff, count: 9) + [1, 0x48], type: type),
      // Eight bytes declared: four given, four copied from nine bytes back.
      Probe("a copy from before the start", 400, [8, 12, 1, 2, 3, 4, 14, 9, 0], type: type),
      packed("64 MiB of one byte", 413, [UInt8](repeating: 0, count: 64 << 20)),
      packed("a message cut short", 400, message.dropLast(5)),
      packed("another wire type", 400, varint(number << 3) + [5]),
      packed("a part longer than the whole", 400, head + varint(1 << 20) + [1, 2, 3]),
      packed("a length of eleven bytes", 400, head + [UInt8](repeating: 0xff, count: 10) + [1]),
      packed("a negative length", 400, head + varint(.max - 1) + [1, 2, 3]),
      packed("field number 0", 400, [2, 1, 0x61]),
      packed("fields of the future", 204, message + field(99, [1, 2]) + varint(98 << 3) + [7]),
      packed("nothing inside", 204, []),
    ]
  }

  /// Requests with one series, which must not be stored.
  static let seriesFaults: [Probe] = {
    func first(_ name: String, _ labels: [([UInt8], [UInt8])]) -> Probe {
      Probe("1.0: " + name, 400, Snappy.pack(series(labels)))
    }
    func second(_ name: String, _ symbols: [[UInt8]], _ references: [UInt64]) -> Probe {
      Probe("2.0: " + name, 400, Snappy.pack(request(symbols: symbols, references: references)), type: v2)
    }
    let broken: [UInt8] = [0xff, 0xfe, 0xfa]
    return [
      first("no labels", []), first("no metric name", [(Array("a".utf8), Array("1".utf8))]),
      first("a label twice", named("m", [("a", "1"), ("a", "2")])),
      first("a label without a name", named("m", [("", "1")])),
      first("a value that is not UTF-8", named("m") + [(Array("a".utf8), broken)]),
      second("no labels", symbols, []), second("no metric name", symbols, [3, 4]),
      second("a label twice", symbols, [1, 2, 3, 4, 3, 4]), second("a label without a name", symbols, [0, 4, 1, 2]),
      second("a value that is not UTF-8", symbols + [broken], [1, 2, 3, 5]),
      second("an odd number of references", symbols, [1, 2, 3]), second("a reference to nothing", symbols, [1, 999]),
      second("no symbols", [], [0, 0]),
    ]
  }()

  /// 2.0 requests whose sample is good and something else is not: it is stored, and what else was wrong is said.
  static let remarks: [Probe] = {
    func request(_ name: String, _ more: [UInt8]) -> Probe {
      Probe(name, 400, Snappy.pack(Self.request(symbols: symbols, references: [1, 2], more)), type: v2)
    }
    return [
      request("an exemplar that refers to nothing", field(4, field(1, varint(3) + varint(777)))),
      request("a help text that refers to nothing", field(5, [8, 1] + [0x18] + varint(999))),
    ]
  }()

  // MARK: Tests

  private func send(_ probe: Probe, to port: Int) async throws -> HTTPAnswer {
    var headers = ["X-Prometheus-Remote-Write-Version": "0.1.0"]
    headers["Content-Type"] = probe.contentType
    headers["Content-Encoding"] = probe.contentEncoding
    // Without a body the client would leave the length out.
    if probe.body.isEmpty { headers["Content-Length"] = "0" }
    return try await LoopbackHTTP.send(
      "POST", "http://127.0.0.1:\(port)/api/v1/write", headers: headers, body: probe.body)
  }

  /// A server with a receiver over a store of its own.
  private func serve(
    _ change: (inout RemoteWriteReceiverConfiguration) -> Void = { _ in },
    _ body: (_ port: Int, _ store: SeriesStore) async throws -> Void
  ) async throws {
    let store = SeriesStore()
    var configuration = RemoteWriteReceiverConfiguration()
    change(&configuration)
    let writer = RemoteWriteReceiver(
      store: store, registry: MetricRegistry(), time: ManualTime(Self.now), configuration: configuration)
    try await WebServerHarness().serve("{}", writer: writer) { try await body($0, store) }
  }

  @Test func `headers, bodies and messages that are not remote-write get the status that says so`() async throws {
    try await serve { port, _ in
      for probe in Self.headers + Self.bodies {
        let answer = try await send(probe, to: port)
        let name = "\(probe.testDescription), \(probe.contentType ?? "")"
        #expect(answer.status == probe.status, "\(name): \(answer.text)")
        #expect(answer.body.isEmpty == (probe.status == 204), "\(name): an error says what it is, success says nothing")
      }
    }
  }

  @Test func `a series that cannot be is refused and nothing of it stored`() async throws {
    try await serve { port, store in
      for probe in Self.seriesFaults {
        let answer = try await send(probe, to: port)
        #expect(answer.status == 400, "\(probe.testDescription): \(answer.text)")
        let written = answer.headers["x-prometheus-remote-write-samples-written"]
        #expect(written == (probe.contentType == Self.v2 ? "0" : nil), "\(probe.testDescription)")
      }
      #expect(store.statistics.samples == 0)
    }
  }

  @Test func `what is wrong beside a good sample is told, and the sample stored`() async throws {
    for probe in Self.remarks {
      try await serve { port, store in
        let answer = try await send(probe, to: port)
        #expect(answer.status == 400, "\(probe.testDescription): \(answer.text)")
        #expect(answer.headers["x-prometheus-remote-write-samples-written"] == "1")
        #expect(store.statistics.samples == 1)
      }
    }
  }

  @Test func `other methods than POST are not for writing`() async throws {
    try await serve { port, _ in
      let answer = try await LoopbackHTTP.send("GET", "http://127.0.0.1:\(port)/api/v1/write")
      #expect([404, 405].contains(answer.status))
    }
  }

  @Test func `a body that stops coming is answered 408, and its place is free again`() async throws {
    try await serve {
      $0.bodyTimeout = 300
      $0.maximumConcurrency = 1
    } _: { port, store in
      let headers = ["Content-Type": Self.v1, "Content-Encoding": "snappy", "Content-Length": "100"]
      let answer = try await LoopbackHTTP.send("POST", "http://127.0.0.1:\(port)/api/v1/write", headers: headers)
      #expect(answer.status == 408 && answer.text.contains("0.3 s"))
      let next = try await send(Probe("good", 204, Snappy.pack(Self.series(Self.named("m")))), to: port)
      #expect(next.status == 204 && store.statistics.samples == 1)
    }
  }

  @Test func `a body that trickles for ever is answered 408, one that never ends 413`() async throws {
    try await serve {
      $0.bodyTimeout = 500
      $0.limits.bodyBytes = 1 << 20
    } _: { port, _ in
      let slow = try await endlessRequest(port, chunk: 1, pause: 20_000)
      #expect(slow.hasPrefix("HTTP/1.1 408"))
      let fast = try await endlessRequest(port, chunk: 64 << 10, pause: 0)
      #expect(fast.hasPrefix("HTTP/1.1 413"))
    }
  }

  /// Sends chunks until the server answers; the first line of its answer.
  private func endlessRequest(_ port: Int, chunk: Int, pause: UInt32) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try Self.sendEndlessly(port, chunk: chunk, pause: pause) })
      }
    }
  }

  private static func sendEndlessly(_ port: Int, chunk: Int, pause: UInt32) throws -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw TimedOut("cannot connect to port \(port)") }
    func put(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
    let head = "POST /api/v1/write HTTP/1.1\r\nHost: a\r\nContent-Type: \(v1)\r\nTransfer-Encoding: chunked\r\n\r\n"
    put(Array(head.utf8))
    let part = Array("\(String(chunk, radix: 16))\r\n".utf8) + [UInt8](repeating: 0x61, count: chunk) + [13, 10]
    for _ in 0..<2000 {
      put(part)
      if pause > 0 { usleep(pause) }
      var answer = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT))
      if count > 0 { return String(decoding: answer[..<count], as: UTF8.self) }
      if count == 0 { return "closed without an answer" }
    }
    return "no answer"
  }
}
