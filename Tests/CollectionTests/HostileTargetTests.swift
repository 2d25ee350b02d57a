import Exposition
import HarecastTestKit
import Testing
import TimeSeries

@testable import Collection

@Suite("Hostile targets", .timeLimit(.minutes(1)))
struct HostileTargetTests {
  let harness = ManagerHarness()

  /// The reason under which one scrape of a server's answer is counted, and the error's line.
  func failure(
    of response: StaticHTTPServer.Response, _ change: (inout ScrapeConfiguration) -> Void = { _ in }
  ) async throws -> (reason: String?, line: String) {
    let server = try StaticHTTPServer { _ in response }
    var job = ManagerHarness.job(server)
    job.scrapeTimeout = 1000
    job.limits.bodySize = 1 << 20
    change(&job)
    var line = ""
    try await harness.run([job]) {
      let start = ContinuousClock.now
      try await harness.scrapeOnce()
      try await eventually { harness.manager.targets().first?.lastScrape != nil }
      #expect(ContinuousClock.now - start < .seconds(30))
      line = harness.manager.targets().first?.lastError ?? ""
    }
    let family = harness.registry.collect().first { $0.name == "harecast_scrape_errors_total" }
    #expect(family.map { $0.samples.count == 1 && $0.samples[0].value == 1 } ?? true)
    #expect(harness.values("up") == [family == nil ? 1 : 0])
    #expect(!line.contains("\n"))
    return (family?.samples.first?.labels["reason"], line)
  }

  func text(_ bytes: [UInt8], headers: [String: String] = [:]) -> StaticHTTPServer.Response {
    let type = ["Content-Type": "text/plain; version=0.0.4"]
    return StaticHTTPServer.Response(headers: type.merging(headers) { $1 }, body: bytes)
  }

  @Test("a target that hangs ends at the timeout")
  func hangs() async throws {
    let result = try await failure(of: .init(delay: .seconds(3)))
    #expect(result.reason == "timeout" && result.line == "no complete answer within 1 s")
  }

  @Test("a body over the limit fails the scrape")
  func largeBody() async throws {
    let result = try await failure(of: text(Array("a 1\n".utf8) + [UInt8](repeating: 0x23, count: 2 << 20)))
    #expect(result.reason == "body_too_large" && result.line == "body_size_limit exceeded (limit: 1048576 bytes)")
  }

  @Test("a gzip body that unpacks to more than the limit fails the scrape")
  func bomb() async throws {
    let zeros = [UInt8](repeating: 0, count: 64 << 20)
    let packed = try #require(Gzip.compress(zeros, level: 9))
    #expect(packed.count < 1 << 20)
    let result = try await failure(of: text(packed, headers: ["Content-Encoding": "gzip"]))
    #expect(result.reason == "body_too_large" && result.line == "body_size_limit exceeded (limit: 1048576 bytes)")
  }

  @Test("a gzip body that is cut off fails the scrape, though its length is as announced")
  func cutGzip() async throws {
    let packed = try #require(Gzip.compress(Array("a 1\nb 1\n".utf8)))
    let result = try await failure(of: text(packed.dropLast(9), headers: ["Content-Encoding": "gzip"]))
    #expect(result.reason == "truncated" && result.line == "gzip data is cut off")
  }

  @Test("a body that is not gzip fails the scrape")
  func notGzip() async throws {
    let result = try await failure(of: text(Array("a 1\n".utf8), headers: ["Content-Encoding": "gzip"]))
    #expect(result.reason == "bad_encoding")
  }

  @Test("an encoding nobody asked for fails the scrape")
  func unknownEncoding() async throws {
    let result = try await failure(of: text(Array("a 1\n".utf8), headers: ["Content-Encoding": "br"]))
    #expect(result.reason == "bad_encoding")
  }

  @Test("a gzip body is read")
  func goodGzip() async throws {
    let packed = try #require(Gzip.compress(Array("a 7\n".utf8)))
    #expect(try await failure(of: text(packed, headers: ["Content-Encoding": "gzip"])).reason == nil)
    #expect(harness.values("a") == [7])
  }

  @Test("a body shorter than announced fails the scrape")
  func shortBody() async throws {
    var response = text(Array("a 1\n".utf8))
    response.declaredLength = 100
    #expect(try await failure(of: response).reason == "truncated")
  }

  @Test("a content type that is not a metrics format fails the scrape, unless there is a fallback")
  func contentType() async throws {
    let response = StaticHTTPServer.Response(headers: ["Content-Type": "application/json"], body: Array("a 1\n".utf8))
    #expect(try await failure(of: response).reason == "content_type")
  }

  @Test("the fallback format is used where the content type says nothing")
  func fallback() async throws {
    let response = StaticHTTPServer.Response(headers: ["Content-Type": "application/json"], body: Array("a 1\n".utf8))
    #expect(try await failure(of: response) { $0.fallbackFormat = .text }.reason == nil)
    #expect(harness.values("a") == [1])
  }

  @Test("a web page instead of metrics fails the scrape")
  func html() async throws {
    let result = try await failure(of: text(Array("<html>\n<body>x</body>\n</html>\n".utf8)))
    #expect(result.reason == "malformed")
  }

  @Test("a million labels on one line fail the scrape")
  func manyLabels() async throws {
    let line = "a{" + (0..<1_000_000).map { "l\($0)=\"v\"" }.joined(separator: ",") + "} 1\n"
    let result = try await failure(of: text(Array(line.utf8))) { $0.limits.bodySize = 32 << 20 }
    #expect(result.reason == "label_limit" && result.line == "line 1 has more than 512 labels")
  }

  @Test("series that come twice are counted and do not fail the scrape")
  func repeated() async throws {
    #expect(try await failure(of: text(Array("a 1\na 2\n".utf8))).reason == nil)
    #expect(harness.values("a") == [1])
    #expect(harness.counter("harecast_scrape_samples_dropped_total", ["reason": "repeated"]) == 1)
  }

  @Test("malformed lines are counted and the rest is stored")
  func malformed() async throws {
    #expect(try await failure(of: text(Array("a 1\nb{ 1\nc{x=\"\u{fffd}\"} 2\n".utf8))).reason == nil)
    #expect(harness.counter("harecast_scrape_malformed_lines_total") == 1)
    #expect(harness.values("c") == [2])
  }
}
