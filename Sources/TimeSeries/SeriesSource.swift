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
}
