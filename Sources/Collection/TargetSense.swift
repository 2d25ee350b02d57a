import TimeSeries

/// A domain's say in the scraping of one target. Calls come from the target's loop, one at a time.
public protocol TargetSense: AnyObject, Sendable {
  /// The query's parameters for the scrape at `time` (UTC milliseconds); nil skips this scrape.
  func parameters(configured: [QueryParameter], at time: Int64) -> [QueryParameter]?

  /// Looks at a body before it is read; true says that ``expand(_:)`` now gives other labels, so that all series must
  /// be resolved anew.
  func willParse(_ body: UnsafeRawBufferPointer) -> Bool

  /// The label sets under which a new series is stored, the series itself first; none drops it.
  func expand(_ labels: Labels) -> [Labels]

  /// Hears what became of a scrape.
  func didScrape(_ outcome: ScrapeOutcome)
}

/// Gives targets their senses.
public protocol TargetSenseProvider: Sendable {
  /// The sense of a target, or nil if it needs none.
  func sense(for target: ScrapeTarget, of job: ScrapeConfiguration) -> (any TargetSense)?
}

/// What became of one scrape.
public struct ScrapeOutcome: Sendable, Equatable {
  /// UTC milliseconds of the samples.
  public var timestamp: Int64
  /// Real seconds from the request to the stored samples.
  public var duration: Double
  /// Bytes of the body, unpacked.
  public var bodyBytes: Int
  /// Samples read, before metric relabelling.
  public var samples: Int
  /// Samples left after metric relabelling.
  public var samplesKept: Int
  /// Series seen for the first time.
  public var seriesAdded: Int
  /// Why the scrape failed, or nil.
  public var error: ScrapeError?

  public init(
    timestamp: Int64, duration: Double = 0, bodyBytes: Int = 0, samples: Int = 0, samplesKept: Int = 0,
    seriesAdded: Int = 0, error: ScrapeError? = nil
  ) {
    self.timestamp = timestamp
    self.duration = duration
    self.bodyBytes = bodyBytes
    self.samples = samples
    self.samplesKept = samplesKept
    self.seriesAdded = seriesAdded
    self.error = error
  }
}

/// Why a scrape failed.
public struct ScrapeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A short constant word, fit to be the value of a metric's label.
  public let code: String
  /// One readable line.
  public let description: String

  public init(code: String, _ description: String) {
    self.code = code
    self.description = description
  }
}

/// The state of a target, for pages and the query API.
public struct TargetStatus: Sendable {
  public enum Health: String, Sendable {
    case unknown, up, down
  }

  public var job: String
  public var labels: Labels
  public var discoveredLabels: Labels
  public var url: String
  public var health = Health.unknown
  /// Why the last scrape failed, or the empty string.
  public var lastError = ""
  /// UTC milliseconds of the last scrape; nil before the first.
  public var lastScrape: Int64?
  /// Real seconds that the last scrape took.
  public var lastDuration = 0.0
  public var samples = 0
  /// Milliseconds.
  public var interval: Int64
  public var timeout: Int64
}
