import TimeSeries

/// One source of history: a server with Prometheus's query API, such as Prometheus itself, Mimir, Thanos or
/// VictoriaMetrics. Durations are in milliseconds.
public struct BackfillConfiguration: Sendable, Equatable {
  /// The address before `/api/v1`, with its prefix, without a slash at the end.
  public var url: String
  /// How far back history is fetched.
  public var range: Int64
  /// From one fetched value of a series to the next.
  public var step: Int64
  /// Which series are fetched; empty for those that this server reads itself.
  public var match: [String]
  /// How many requests are under way at once.
  public var concurrency: Int
  /// The most requests that are begun in a second.
  public var requestsPerSecond: Double
  /// For one request.
  public var timeout: Int64
  /// Parameters that every request carries.
  public var parameters: [QueryParameter]
  /// How to speak HTTP to the source.
  public var access: HTTPAccess
  /// What becomes of the labels of a fetched series.
  public var relabelRules: [RelabelRule]

  /// The most values of one series that Prometheus gives in one answer.
  public static let mostPoints: Int64 = 11_000

  public init(url: String) {
    self.url = url
    range = 14 * 86_400_000
    step = 60_000
    match = []
    concurrency = 4
    requestsPerSecond = 20
    timeout = 60_000
    parameters = []
    access = HTTPAccess()
    relabelRules = []
  }
}
