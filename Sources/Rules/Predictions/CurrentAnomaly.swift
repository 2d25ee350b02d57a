import AnomalyDetection
import TimeSeries

/// One signal that is unusual now, with everything that is known about it.
public struct CurrentAnomaly: Sendable, Hashable {
  /// What one of the signals that are judged together has to do with it.
  public struct Contribution: Sendable, Hashable {
    /// The labels of the signal.
    public var labels: Labels
    /// How much, which way, the expected band and since when.
    public var part: GroupVerdict.Contribution
  }

  /// The name of the rule, which is that of the recorded score.
  public var rule: String
  /// The labels of the signal.
  public var labels: Labels
  /// What the detectors say.
  public var judgement: SignalWatch.Judgement
  /// Where several signals are judged together, those that have to do with it, the most involved first.
  public var contributions: [Contribution] = []
}
