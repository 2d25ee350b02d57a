/// When a signal first reaches a threshold.
public struct ThresholdForecast: Sendable, Equatable {
  /// Which side the signal comes from.
  public enum Direction: Sendable, Equatable {
    /// The signal is below the threshold and may rise to it.
    case upward
    /// The signal is above the threshold and may fall to it.
    case downward
  }

  /// The probability that the threshold is reached at some step of the horizon.
  public var probability: Double

  /// The steps until the crossing, with a probability of 2.5% that it comes no later; nil where that lies beyond the
  /// horizon. A signal that is at the threshold already crosses in 0 steps.
  public var earliest: Double?
  /// The steps until the crossing likeliest comes: those that half of the paths that cross within the horizon lie closest
  /// around; nil if fewer than half of all paths cross.
  ///
  /// It says when, given that it happens; how likely that is, `probability` says. The time by which half of *all* paths
  /// have crossed would be late: the less likely the crossing, the nearer to the horizon's end.
  public var likeliest: Double?
  /// The steps until the crossing, with a probability of 97.5% that it comes no later; nil beyond the horizon.
  public var latest: Double?

  /// The steps until the crossing has happened with the probability that was asked for; nil beyond the horizon.
  public var atProbability: Double?

  /// The side that the signal comes from.
  public var direction: Direction

  /// The length of one step in milliseconds.
  public var step: Int64

  /// The time of the newest value that the forecast knew, in UTC milliseconds.
  public var origin: Int64
}
