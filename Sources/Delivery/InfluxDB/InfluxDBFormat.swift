import Collection
import Exposition
import HTTPFetch
import TimeSeries

/// InfluxDB's line protocol over HTTP, 1.x and 2.x.
struct InfluxDBFormat: DeliveryFormat {
  let url: String
  let field: String
  let retriesTooManyRequests: Bool

  init(server: String, target: InfluxDBTarget, retriesTooManyRequests: Bool = true) {
    let part = URLText.queryPart
    switch target.place {
    case .database(let database):
      let policy = database.retentionPolicy.map { "&rp=\(part($0))" } ?? ""
      url = "\(server)/write?db=\(part(database.name))\(policy)&precision=ms"
    case .bucket(let bucket):
      url = "\(server)/api/v2/write?org=\(part(bucket.organization))&bucket=\(part(bucket.name))&precision=ms"
    }
    field = target.field
    self.retriesTooManyRequests = retriesTooManyRequests
  }

  var name: String { "line protocol" }
  var repeatsMetadata: Bool { false }
  var fallback: (any DeliveryFormat)? { nil }

  func request(for samples: [OutgoingSample], metadata: [String: MetricMetadata]) -> EncodedRequest? {
    var lines = LineProtocol(field: field)
    for sample in samples { _ = lines.append(sample) }
    guard lines.count > 0 else { return nil }
    var headers = [HTTPHeader("Content-Type", "text/plain; charset=utf-8")]
    var body = lines.bytes
    if let packed = Gzip.compress(body) {
      body = packed
      headers.append(HTTPHeader("Content-Encoding", "gzip"))
    }
    return EncodedRequest(url: url, headers: headers, body: body, sent: lines.count)
  }

  func judge(_ response: HTTPResponse, sent: Int, now: Int64) -> DeliveryOutcome {
    switch response.status {
    // The token, or the bucket that does not exist yet, is at fault, not the samples.
    case 401, 403, 404: .retry(reason: DeliveryOutcome.reason(response), pause: response.retryAfter(at: now))
    default: DeliveryOutcome(response, retriesTooManyRequests: retriesTooManyRequests, now: now)
    }
  }
}
