import AnomalyDetection
import TimeSeries

/// One signal that is unusual now, with everything that is known about it.
public struct CurrentAnomaly: Sendable, Hashable {
  /// The name of the rule, which is that of the recorded score.
  public var rule: String
  /// The labels of the signal.
  public var labels: Labels
  /// What the detectors say.
  public var judgement: SignalWatch.Judgement
}
