/// Where queries read series from: the store, or a test's table.
public protocol SeriesSource: Sendable {
  /// The series that every matcher accepts, with their samples in `start ... end` (UTC
  /// milliseconds, both ends included), staleness markers included.
  ///
  /// A series without a sample in the range may be left out. The order is unspecified.
  ///
  /// - Throws: what the source cannot do, as a readable error.
  func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws
    -> [SeriesSamples]

  /// The same, where the source may answer from a coarser tier if `hints` say that it suffices.
  func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64, hints: SelectHints) throws
    -> [SeriesSamples]
}

extension SeriesSource {
  public func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64, hints: SelectHints) throws
    -> [SeriesSamples]
  {
    try select(matchers, from: start, through: end)
  }
}

/// What a reader will do with the samples it selects.
public struct SelectHints: Sendable, Hashable {
  /// The spacing of the points that the reader computes, in milliseconds; 0 for a single point.
  public var step: Int64
  /// The width of the range that each point looks at, in milliseconds; 0 for an instant selector.
  public var range: Int64
  /// What the reader makes of the samples of a range.
  public var aggregate: Aggregate
  /// The most samples that the reader can take; beyond them a source stops early with ``SampleLimitExceeded``.
  public var maximumSamples: Int

  /// What a reader makes of the samples of a range.
  public enum Aggregate: String, Sendable {
    case last, minimum, maximum, sum, count, average
  }

  public init(
    step: Int64 = 0, range: Int64 = 0, aggregate: Aggregate = .last, maximumSamples: Int = .max
  ) {
    self.step = step
    self.range = range
    self.aggregate = aggregate
    self.maximumSamples = maximumSamples
  }
}

/// A source has more samples than its reader can take.
public struct SampleLimitExceeded: Error, Sendable, Equatable, CustomStringConvertible {
  /// The most samples that were allowed.
  public let limit: Int

  public init(limit: Int) { self.limit = limit }

  public var description: String { "more than \(limit) samples" }
}
