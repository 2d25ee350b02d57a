import HTTPFetch
import RemoteWrite
import TimeSeries

/// Remote-write 1.0 or 2.0.
struct RemoteWriteFormat: DeliveryFormat {
  let url: String
  let version: WriteProtocol
  let retriesTooManyRequests: Bool

  var name: String { version.rawValue }

  var repeatsMetadata: Bool { version == .v2 }

  var fallback: (any DeliveryFormat)? {
    version == .v1
      ? nil : RemoteWriteFormat(url: url, version: .v1, retriesTooManyRequests: retriesTooManyRequests)
  }

  func request(for samples: [OutgoingSample], metadata: [String: MetricMetadata]) -> EncodedRequest? {
    let encoder = WriteRequestEncoder(protocol: version)
    let headers = [
      HTTPHeader("Content-Encoding", "snappy"), HTTPHeader("Content-Type", encoder.contentType),
      HTTPHeader("X-Prometheus-Remote-Write-Version", encoder.versionHeader),
    ]
    return EncodedRequest(
      url: url, headers: headers, body: encoder.encode(Self.series(samples), metadata: metadata), sent: samples.count)
  }

  /// The samples by series; those of one series stay in their order.
  static func series(_ samples: [OutgoingSample]) -> [SeriesSamples] {
    var series: [SeriesSamples] = []
    var places: [Labels: Int] = [:]
    for sample in samples {
      guard let place = places[sample.labels] else {
        places[sample.labels] = series.count
        series.append(
          SeriesSamples(labels: sample.labels, timestamps: [sample.timestamp], values: [sample.value]))
        continue
      }
      series[place].timestamps.append(sample.timestamp)
      series[place].values.append(sample.value)
    }
    return series
  }

  func judge(_ response: HTTPResponse, sent: Int, now: Int64) -> DeliveryOutcome {
    let outcome = DeliveryOutcome(response, retriesTooManyRequests: retriesTooManyRequests, now: now)
    if version == .v1 {
      // One sample out of order makes a Prometheus refuse the whole request: after a restart some are sent again.
      if response.status == 400, let reason = outcome.reason { return .refusedTogether(reason: reason) }
      return outcome
    }
    let written = response.header("X-Prometheus-Remote-Write-Samples-Written").flatMap { Int($0) }
    switch outcome {
    // A receiver of 1.0 that does not look at the content type sees an empty message and says yes to it.
    case .delivered where written == nil:
      return .unsupported(reason: "the receiver does not confirm what it has written, as 2.0 demands")
    case .refused(let reason, _): return .refused(reason: reason, written: written ?? 0)
    default: return outcome
    }
  }
}
