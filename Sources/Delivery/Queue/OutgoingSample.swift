import TimeSeries

/// A sample on its way out, as its receiver shall see it.
struct OutgoingSample: Sendable, Equatable {
  var labels: Labels
  /// UTC milliseconds.
  var timestamp: Int64
  var value: Double
  /// Which piece of the journal it comes from, in the plan's own count.
  var piece = 0
}
