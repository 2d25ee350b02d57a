import HTTPFetch
import TimeSeries

/// How samples are written for one kind of receiver, and how its answers are to be read.
protocol DeliveryFormat: Sendable {
  /// The request for these samples; nil if none of them can be written.
  ///
  /// - Parameter metadata: what is known of metrics and to be told now, by metric name.
  func request(for samples: [OutgoingSample], metadata: [String: MetricMetadata]) -> EncodedRequest?
  /// What an answer means for a request with `sent` samples.
  func judge(_ response: HTTPResponse, sent: Int, now: Int64) -> DeliveryOutcome
  /// Whether each request has what is known of its metrics; else it is told now and then.
  var repeatsMetadata: Bool { get }
  /// What to write instead if the receiver does not know this format.
  var fallback: (any DeliveryFormat)? { get }
  /// The format's name in logs.
  var name: String { get }
}

/// A request that is ready but for authentication.
struct EncodedRequest: Sendable {
  var url: String
  var headers: [HTTPHeader]
  var body: [UInt8]
  /// How many samples it has.
  var sent: Int
}
