/// How long things take, from how often is looked and how long a day is.
///
/// What a scrape that was missed can feign is held off for a number of ticks; what daily traffic can feign, for a part
/// of the day. A day is 86,400 s, except in a replay of a recorded cluster whose days are shorter.
public struct IncidentTiming: Sendable, Equatable {
  /// Seconds from one observation to the next.
  public var tick: Double
  /// Seconds in a day.
  public var day: Double

  public init(tick: Double, day: Double = 86_400) {
    self.tick = tick
    self.day = day
  }

  /// How far ahead a limit is worth a warning, in seconds: a day and a half.
  var horizon: Double { 1.5 * day }
  /// How soon a limit is critical, in seconds: two hours of a real day.
  var urgent: Double { day / 12 }
  /// For how long consumers may be away, as they are in a deploy, in seconds: 4 to 8 ticks.
  var deploy: Double { min(max(day / 20, 4 * tick), 8 * tick) }
  /// How long the restart of a node takes, in seconds.
  var restart: Double { max(45, 4 * tick) }
  /// For how long a queue may grow as part of a day's course, in seconds.
  var dailyPeak: Double { day / 4 }
  /// How long a movement must have gone on before a limit is foretold from it, in seconds: what is loaded, copied or
  /// published at once is over by then.
  var persistence: Double { 14 * tick }
  /// The window of rates, in seconds.
  var rateWindow: Double { 12 * tick }
  /// For how long a trouble must be gone before its incident is resolved, in seconds.
  var quiet: Double { 12 * tick }
  /// How long it takes after a start until baselines are known, in seconds.
  var warmUp: Double { 40 * tick }
  /// For how long what an incident brought about still belongs to it after it is resolved, in seconds.
  var aftermath: Double { 24 * tick }
}
