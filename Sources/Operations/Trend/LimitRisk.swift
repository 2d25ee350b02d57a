/// How likely a signal meets a limit within a horizon, with or without a trend.
///
/// Without a trend the envelope decides: the greatest values of equal stretches walk at random, and the limit is met
/// when that walk meets it (reflection principle, Feller, An Introduction to Probability Theory and Its Applications,
/// volume 1, III.7). The teeth of a saw stay inside the envelope and add nothing.
enum LimitRisk {
  /// - Parameters:
  ///   - horizon: in seconds.
  ///   - trend: the trend found towards the limit, if there is one.
  static func probability(
    _ track: SignalTrack, limit: Double, rising: Bool, trend: TrendToLimit?, within horizon: Double
  ) -> Double {
    guard let last = track.last else { return 0 }
    let sign = rising ? 1.0 : -1
    if sign * (limit - last.mean) <= 0 { return 1 }
    let byTrend = trend?.time.probability(within: horizon) ?? 0
    return min(1, max(byTrend, envelopeWalk(track, sign * limit, sign, horizon)))
  }

  private static func envelopeWalk(_ track: SignalTrack, _ limit: Double, _ sign: Double, _ horizon: Double) -> Double {
    guard let level = track.levels.last(where: { $0.count >= 12 }), let first = level.first, let last = level.last
    else { return 0 }
    let blocks = 6
    let size = level.count / blocks
    let maxima = (0..<blocks).map { block in
      level[(level.count - (blocks - block) * size)..<(level.count - (blocks - block - 1) * size)]
        .map { sign > 0 ? $0.maximum : -$0.minimum }.max() ?? -.infinity
    }
    let stretch = (last.time - first.time) * Double(size) / Double(max(1, level.count - 1))
    guard stretch > 0, let top = maxima.max(), top < limit else { return 0.5 }
    let steps = zip(maxima.dropFirst(), maxima).map { $0 - $1 }
    let square = steps.reduce(0) { $0 + $1 * $1 } / Double(steps.count)
    guard square > 0 else { return 0 }
    // Fluctuations of an envelope come back; they are not followed further than the past that was seen.
    let spread = (square * min(horizon, 2 * (last.time - first.time)) / stretch).squareRoot()
    return min(0.5, 2 * (1 - Gaussian.cumulative((limit - top) / spread)))
  }
}
