/// A steady movement of a signal towards a limit, and what follows from it.
///
/// A saw (garbage collection, log rotation, the write-ahead log of quorum queues) rises cleanly within every tooth, so
/// a line through it is the classic false alarm. Three things are asked of a trend before it counts: its sign is known
/// beyond the noise, it still goes on, and it is news: only what lies beyond everything seen before it counts as its
/// age. A trend of age *s* lasts another *r* with probability (s/(s+r))^m: without knowledge of its cause, how long
/// something has gone on is what is known about how long it will (Gott, Nature 363, 1993); *m* says how mortal trends
/// of this kind are.
public struct TrendToLimit: Sendable, Equatable {
  /// When the trend began, in seconds.
  public var start: Double
  /// In units a second, towards the limit.
  public var slope: Double
  public var slopeError: Double
  /// How long it has gone on beyond what was seen before, in seconds.
  public var age: Double
  /// What is missing to the limit, in the signal's units.
  public var distance: Double
  public var time: TimeToLimit
  /// The exponent of its survival.
  var mortality: Double
  /// Whether what was before it is known: what moves since it was first seen may be a tooth of a saw.
  public var isWitnessed: Bool

  /// How quickly trends of a kind die.
  public struct Habit: Sendable {
    /// The exponent of survival: 0 lives for ever.
    public var mortality: Double
    /// Whether a climb to where the signal has been before counts nothing.
    public var needsNews: Bool
    public init(mortality: Double, needsNews: Bool = true) {
      self.mortality = mortality
      self.needsNews = needsNews
    }
    /// Files and logs grow until somebody comes.
    public static let disk = Habit(mortality: 0.3)
    /// Memory levels off when a node has warmed up.
    public static let memory = Habit(mortality: 0.5)
    /// Backlogs come and go.
    public static let backlog = Habit(mortality: 0.6)
  }

  /// The windows that are tried on each time scale, in points.
  private static let windows = [6, 8, 11, 15, 20, 27, 36, 48]

  /// The trend of `track` towards `limit` that most likely gets there, or nil if there is none.
  ///
  /// - Parameter rising: whether the limit is above; a falling signal is mirrored.
  /// - Complexity: O(scales × windows × points).
  public static func find(
    in track: SignalTrack, limit: Double, rising: Bool = true, habit: Habit
  ) -> TrendToLimit? {
    guard let last = track.last else { return nil }
    let sign = rising ? 1.0 : -1
    let spacing = track.levels[0].suffix(2).map(\.time)
    let tick = spacing.count == 2 ? spacing[1] - spacing[0] : 0
    var found: [TrendToLimit] = []
    for level in track.levels {
      for window in windows where window <= level.count {
        var points = Array(level.suffix(window))
        if let newest = points.last, newest.time < last.time { points.append(last) }
        if let trend = fit(points, track, limit, sign, habit) { found.append(trend) }
      }
    }
    guard var best = found.max(by: { $0.time.probability < $1.time.probability }) else { return nil }
    best.pool(found, now: last.time, tick: tick)
    return best
  }

  /// Takes the time from all windows together: a long one knows the slope well, a short one knows the slope of today.
  private mutating func pool(_ found: [TrendToLimit], now: Double, tick: Double) {
    guard distance > 0 else { return }
    let own = now - start
    let alike = found.filter { $0.distance > 0 && now - $0.start >= 0.3 * own && now - $0.start <= 1.01 * own }
    let logs = alike.map { $0.time.median.logarithm }
    guard !logs.isEmpty else { return }
    let mean = logs.reduce(0, +) / Double(logs.count)
    let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(logs.count)
    let relative = slopeError / slope
    let median = mean.exponential
    // Beside the errors of the slopes: slopes change, the more the further ahead.
    let drift = 0.15 + 0.2 * min(1.5, median / max(own, 1e-9) / 2)
    let spread = (relative * relative + drift * drift + variance).squareRoot()
    time = TimeToLimit(
      median: median, lower: max(0, median * (-1.96 * spread).exponential - 2 * tick),
      upper: median * (1.96 * spread).exponential + 2 * tick,
      probability: (age / (age + median)).raised(to: mortality))
  }

  private static func fit(
    _ points: [SignalTrack.Point], _ track: SignalTrack, _ limit: Double, _ sign: Double, _ habit: Habit
  ) -> TrendToLimit? {
    let times = points.map(\.time)
    let values = points.map { sign * $0.mean }
    guard let fit = LinearFit(times: times, values: values), fit.slope > 0, fit.slope > 4 * fit.slopeError,
      fit.determination > 0.8, let first = times.first, let end = times.last, let now = values.last
    else { return nil }
    // Still going on: the later half climbs too. One that levels off goes on as its later half does.
    let half = points.count / 2
    guard half >= 3, let later = values.dropFirst(half).min(), now - later > 0.25 * fit.slope * (end - times[half])
    else { return nil }
    var slope = fit.slope
    if let second = LinearFit(times: Array(times.dropFirst(half)), values: Array(values.dropFirst(half))),
      second.slope + 2 * second.slopeError < fit.slope
    {
      guard second.slope > 0.25 * fit.slope else { return nil }
      slope = second.slope
    }
    guard leads(points, slope: slope, sign) else { return nil }
    guard moves(track, slope: sign * slope, since: first, until: end) else { return nil }
    // The envelope is what meets the limit.
    let envelope = points.suffix(max(2, points.count / 4)).map { sign > 0 ? $0.maximum : -$0.minimum }.max() ?? now
    let start = values.first ?? now
    var news = 1.0
    if habit.needsNews, let before = extreme(of: track, before: first, sign), before > start, now > start {
      news = min(1, max(0, (now - before) / (now - start)))
    }
    guard news > 0 else { return nil }
    let age = (end - first) * news
    // What rises since it was first seen may be a tooth of a saw that is not known yet.
    let oldest = track.oldest
    let before = first - (oldest?.time ?? first)
    let climbed = start - sign * (oldest?.mean ?? 0)
    let isWitnessed = before >= 0.5 * (end - first) && climbed <= 0.5 * slope * before
    let mortality = isWitnessed ? habit.mortality : habit.mortality + 0.4
    let distance = sign * limit - envelope
    let median = max(0, distance / slope)
    return TrendToLimit(
      start: first, slope: slope, slopeError: fit.slopeError, age: age, distance: max(0, distance),
      time: TimeToLimit(
        median: median, lower: median, upper: median,
        probability: median > 0 ? (age / (age + median)).raised(to: mortality) : 1),
      mortality: mortality, isWitnessed: isWitnessed)
  }

  /// Whether the newest quarter reaches beyond all before it: teeth of one height do not, however their mean rises.
  private static func leads(_ points: [SignalTrack.Point], slope: Double, _ sign: Double) -> Bool {
    let quarter = max(2, points.count / 4)
    func top(_ part: ArraySlice<SignalTrack.Point>) -> Double {
      part.map { sign > 0 ? $0.maximum : -$0.minimum }.max() ?? -.infinity
    }
    guard let end = points.last, let before = points.dropLast(quarter).last else { return false }
    return top(points.suffix(quarter)) - top(points.dropLast(quarter)) > 0.3 * slope * (end.time - before.time)
  }

  /// Whether the newest values still move as the trend says: after a step the mean of a stretch lags behind.
  private static func moves(_ track: SignalTrack, slope: Double, since first: Double, until end: Double) -> Bool {
    let newest = track.levels[0].suffix(2)
    guard let last = newest.last, let previous = newest.first, last.time > previous.time else { return false }
    let tick = last.time - previous.time
    // Over a few ticks as well: the end of a step is soon seen there.
    if let before = track.levels[0].dropLast(3).last,
      (last.mean - before.mean) / slope < 0.2 * (last.time - before.time)
    {
      return false
    }
    let stretch = max((end - first) / 3, 6 * tick)
    let level = track.levels.first { ($0.first?.time ?? .infinity) <= last.time - stretch } ?? track.levels[0]
    let before = level.filter { $0.time <= last.time - stretch }.suffix(2)
    guard let old = before.last, let older = before.first else { return true }
    let (now, then) = ((last.mean + previous.mean) / 2, (old.mean + older.mean) / 2)
    let passed = (last.time + previous.time) / 2 - (old.time + older.time) / 2
    return (now - then) / slope > 0.4 * passed
  }

  private static func extreme(of track: SignalTrack, before time: Double, _ sign: Double) -> Double? {
    track.levels.flatMap { level in
      level.lazy.filter { $0.time < time }.map { sign > 0 ? $0.maximum : -$0.minimum }
    }.max()
  }
}
