import Exposition
import HTTPFetch
import RemoteWrite
import Testing
import TimeSeries

@testable import Delivery

@Suite("What is sent, and what answers mean")
struct FormatTests {
  private func line(_ labels: Labels, _ value: Double = 1.5) -> String? {
    var lines = LineProtocol(field: "value")
    guard lines.append(OutgoingSample(labels: labels, timestamp: 1_700_000_000_123, value: value)) else { return nil }
    return String(decoding: lines.bytes, as: UTF8.self)
  }

  @Test("the line protocol: commas and blanks are escaped everywhere, equals signs in tags")
  func escapes() {
    #expect(line(Labels(name: "queue_depth", ["queue": "q"])) == "queue_depth,queue=q value=1.5 1700000000123\n")
    #expect(line(Labels(name: "a b,c=d")) == "a\\ b\\,c=d value=1.5 1700000000123\n")
    #expect(line(Labels(name: "m", ["k": "x, y=z\"ü\\n"])) == "m,k=x\\,\\ y\\=z\"ü\\n value=1.5 1700000000123\n")
    #expect(line(Labels(name: "m", ["k": "two\nlines\tand\r"])) == "m,k=two\\nlines\\tand\\r value=1.5 1700000000123\n")
  }

  @Test("the line protocol cannot say what is no number, nor a trailing backslash")
  func refusesTheUnspeakable() {
    for value in [Double.nan, .infinity, -.infinity, StaleMarker.value] {
      #expect(line(Labels(name: "m"), value) == nil)
    }
    #expect(line(Labels(name: "m", ["k": "x\\"])) == nil)
    #expect(line(Labels(name: "#m")) == nil)
    var lines = LineProtocol(field: "value")
    let first = lines.append(OutgoingSample(labels: Labels(name: "m", ["k": "\\"]), timestamp: 1, value: 1))
    let second = lines.append(OutgoingSample(labels: Labels(name: "n"), timestamp: 1, value: 1e300))
    #expect(!first && second)
    #expect(String(decoding: lines.bytes, as: UTF8.self) == "n value=1e+300 1\n" && lines.count == 1)
  }

  @Test("both of InfluxDB's paths, with names escaped")
  func influxAddresses() {
    let first = InfluxDBFormat(
      server: "http://h:8086", target: InfluxDBTarget(place: .database(.init(name: "a b", retentionPolicy: "r&"))))
    #expect(first.url == "http://h:8086/write?db=a%20b&rp=r%26&precision=ms")
    let second = InfluxDBFormat(
      server: "http://h:8086", target: InfluxDBTarget(place: .bucket(.init(organization: "ops", name: "b/1"))))
    #expect(second.url == "http://h:8086/api/v2/write?org=ops&bucket=b%2F1&precision=ms")
    #expect(
      first.request(for: [OutgoingSample(labels: Labels(name: "m"), timestamp: 1, value: .nan)], metadata: [:]) == nil)
  }

  @Test(
    "a status says whether a retry helps",
    arguments: [
      (200, "success"), (204, "success"), (301, "retry"), (400, "refused"), (401, "refused"), (404, "refused"),
      (408, "retry"), (413, "too_large"), (415, "unsupported"), (429, "retry"), (500, "retry"), (503, "retry"),
    ])
  func judgesStatus(_ status: Int, _ code: String) {
    let format = RemoteWriteFormat(url: "http://h", version: .v1, retriesTooManyRequests: true)
    #expect(format.judge(HTTPResponse(status: status), sent: 1, now: 0).code == code)
    let strict = RemoteWriteFormat(url: "http://h", version: .v1, retriesTooManyRequests: false)
    #expect(strict.judge(HTTPResponse(status: 429), sent: 1, now: 0).code == "refused")
  }

  @Test("Retry-After is read as seconds and as a date")
  func readsRetryAfter() {
    func pause(_ text: String) -> Int64? {
      HTTPResponse(status: 503, headers: [HTTPHeader("retry-after", text)]).retryAfter(at: 1_445_412_470_000)
    }
    #expect(pause("7") == 7000)
    // The example of RFC 9110 is 1445412480 in Unix seconds.
    #expect(pause("Wed, 21 Oct 2015 07:28:00 GMT") == 10_000)
    #expect(pause("Wed, 21 Oct 2015 07:00:00 GMT") == 0)
    #expect(pause("soon") == nil && pause("-1") == nil)
    #expect(pause("99999999") == 86_400_000)
  }

  @Test("a 2.0 receiver confirms what it wrote; one that does not is taken for one of 1.0")
  func needsConfirmation() {
    let format = RemoteWriteFormat(url: "http://h", version: .v2, retriesTooManyRequests: true)
    #expect(format.judge(HTTPResponse(status: 204), sent: 2, now: 0).code == "unsupported")
    let header = HTTPHeader("X-Prometheus-Remote-Write-Samples-Written", "1")
    #expect(format.judge(HTTPResponse(status: 204, headers: [header]), sent: 1, now: 0) == .delivered)
    #expect(
      format.judge(HTTPResponse(status: 400, headers: [header]), sent: 2, now: 0)
        == .refused(reason: "status 400", written: 1))
    #expect((format.fallback as? RemoteWriteFormat)?.version == .v1)
  }

  @Test("a token or bucket that InfluxDB does not know is no fault of the samples", arguments: [401, 403, 404])
  func keepsSamplesForInfluxDB(_ status: Int) {
    let format = InfluxDBFormat(
      server: "http://h", target: InfluxDBTarget(place: .database(.init(name: "d", retentionPolicy: nil))))
    #expect(format.judge(HTTPResponse(status: status), sent: 1, now: 0).code == "retry")
    #expect(format.judge(HTTPResponse(status: 400), sent: 1, now: 0).code == "refused")
  }
}
