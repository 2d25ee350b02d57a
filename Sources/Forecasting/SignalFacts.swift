/// What is known of a signal besides its values: where its grid lies and what it can be.
struct SignalFacts: Sendable, Equatable {
  private(set) var step: Int64 = 60_000
  /// The time of the newest value, missing or not.
  private(set) var end: Int64 = 0
  private(set) var lowerBound: Double?
  private(set) var upperBound: Double?
  private(set) var observationCount = 0
  /// The least value ever measured.
  private(set) var least = Double.infinity

  init() {}

  /// The facts of a series before its first value.
  init(_ series: ForecastSeries) {
    step = max(1, series.step)
    end = series.start &- step
    lowerBound = series.lowerBound.flatMap { $0.isFinite ? $0 : nil }
    upperBound = series.upperBound.flatMap { $0.isFinite ? $0 : nil }
  }

  /// Takes note of the next value; NaN and infinite values count as missing.
  mutating func note(_ value: Double) {
    end = end &+ step
    guard value.isFinite else { return }
    observationCount += 1
    least = min(least, value)
  }

  /// Takes note of a value from before the history.
  mutating func noteLeast(_ value: Double) { least = min(least, value) }

  /// The bounds that a forecast keeps: those given, and zero from below if nothing negative was ever seen.
  var bounds: (lower: Double, upper: Double) {
    var lower = lowerBound ?? -Double.greatestFiniteMagnitude
    if least >= 0 { lower = max(lower, 0) }
    let upper = max(lower, upperBound ?? Double.greatestFiniteMagnitude)
    return (lower, upper)
  }

  /// Builds the answer from rows of `ErrorTable.width` quantiles in scaled units: bounds kept, order restored.
  ///
  /// - Parameter factor: what values were multiplied with to get scaled units.
  func distribution(
    horizons: [Int], quantiles: [Double], factor: Double, row: (_ index: Int, _ horizon: Int) -> [Double]
  ) -> ForecastDistribution {
    let (lower, upper) = bounds
    var result: [Double] = []
    result.reserveCapacity(horizons.count * quantiles.count)
    var means: [Double] = []
    means.reserveCapacity(horizons.count)
    for (index, horizon) in horizons.enumerated() {
      let scaled = row(index, horizon)
      var previous = lower
      for level in quantiles {
        let value = finite(ErrorTable.value(of: scaled, at: level) / factor)
        previous = min(upper, max(previous, value))
        result.append(previous)
      }
      let bounded = scaled.map { min(upper, max(lower, finite($0 / factor))) * factor }
      means.append(min(upper, max(lower, finite(ErrorTable.mean(of: bounded) / factor))))
    }
    return ForecastDistribution(
      origin: end, step: step, horizons: horizons, quantiles: quantiles, values: result, mean: means)
  }

  func write(to writer: inout StateWriter) {
    writer.write(step)
    writer.write(end)
    writer.write(lowerBound)
    writer.write(upperBound)
    writer.write(observationCount)
    writer.write(least)
  }

  /// - Parameter step: the first number, where it was read before.
  init(_ reader: inout StateReader, step first: Int64? = nil) throws(ForecastError) {
    if let first { step = max(1, first) } else { step = max(1, try reader.readInt64()) }
    end = try reader.readInt64()
    lowerBound = try reader.readOptionalDouble().flatMap { $0.isFinite ? $0 : nil }
    upperBound = try reader.readOptionalDouble().flatMap { $0.isFinite ? $0 : nil }
    observationCount = try reader.readInt(in: 0...(Int.max / 2))
    least = try reader.readDouble()
  }
}
