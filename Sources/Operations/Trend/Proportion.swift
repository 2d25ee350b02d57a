/// How one signal follows another: what it should be now, from what both were before.
struct Proportion: Sendable {
  private var cause = SignalTrack()
  private var effect = SignalTrack()

  /// Takes both signals at `time`, in seconds.
  mutating func append(cause: Double, effect: Double, at time: Double) {
    self.cause.append(cause, at: time)
    self.effect.append(effect, at: time)
  }

  /// The effect now over what the cause lets expect by the least squares line through the past, without the newest
  /// `ticks` of it; nil while the past is short.
  ///
  /// Neither the slope nor the part of the effect that has no cause is taken to be negative.
  func ratio(skipping ticks: Int) -> Double? {
    guard let cut = cause.levels[0].dropLast(ticks).last?.time, let now = cause.last?.mean,
      let newest = effect.last?.mean
    else { return nil }
    for (causes, effects) in zip(cause.levels, effect.levels).reversed() {
      let past = zip(causes, effects).filter { $0.0.time <= cut }
      guard past.count >= 10 else { continue }
      let count = Double(past.count)
      let meanCause = past.reduce(0) { $0 + $1.0.mean } / count
      let meanEffect = past.reduce(0) { $0 + $1.1.mean } / count
      let squares = past.reduce(0) { $0 + ($1.0.mean - meanCause) * ($1.0.mean - meanCause) }
      let products = past.reduce(0) { $0 + ($1.0.mean - meanCause) * ($1.1.mean - meanEffect) }
      let slope = squares > 0 ? min(max(0, products / squares), meanCause > 0 ? meanEffect / meanCause : 0) : 0
      let expected = meanEffect + slope * (now - meanCause)
      return expected > 0 ? newest / expected : nil
    }
    return nil
  }
}
