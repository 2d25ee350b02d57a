import TimeSeries

/// A signal, or one of its series, of which nothing is forecast yet.
public struct OutlookWait: Sendable, Equatable {
  public var signal: String
  /// Nil if the signal has no series.
  public var labels: Labels?
  /// How many values are known, and how many the first forecast takes.
  public var known: Int
  public var needed: Int
  /// The distance of two values, in milliseconds.
  public var step: Int64
  /// The time of the first value, in UTC milliseconds; nil if there is none.
  public var since: Int64?
  /// The time of the newest value that was looked for, in UTC milliseconds.
  var reached: Int64

  /// When the first forecast is expected if no value is missing, in UTC milliseconds; nil if there is nothing to expect.
  public var expected: Int64? {
    guard labels != nil else { return nil }
    return reached + Int64(max(1, needed - known)) * step
  }

  /// What it waits for, as a sentence.
  public var reason: String {
    let distance = PrometheusDuration.format(step)
    guard labels != nil else {
      return "the expression gives no series yet; \(needed) values, \(distance) apart, are needed"
    }
    if known >= needed { return "there are \(known) values, enough to learn from: it is next to be trained" }
    return "\(known) of \(needed) values so far, \(distance) apart"
  }
}
