#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Signals on one grid, as an LSTM sees them.
struct LSTMView {
  /// The signal that is forecast, then its companions; all of one length, NaN where missing.
  var signals: [[Double]]
  var step: Int64
  /// The time of the newest values.
  var end: Int64
  var calendar: ForecastCalendar

  /// What makes a signal's values comparable: subtracted, then divided by.
  struct Standard: Sendable, Equatable {
    var factor: Double
    var mean: Double
    var deviation: Double

    /// The standard of what is known of a signal's newest values.
    init(_ values: ArraySlice<Double>) {
      var magnitude = 0.0
      for value in values where value.isFinite { magnitude = max(magnitude, abs(value)) }
      factor = scalingFactor(forMagnitude: magnitude)
      mean = 0
      deviation = 1
      var sum = 0.0
      var count = 0.0
      for value in values where value.isFinite {
        sum += value * factor
        count += 1
      }
      guard count > 0 else { return }
      mean = sum / count
      var squares = 0.0
      for value in values where value.isFinite { squares += (value * factor - mean) * (value * factor - mean) }
      let spread = (squares / count).squareRoot()
      if spread > 1e-12 { deviation = spread }
    }

    init(factor: Double, mean: Double, deviation: Double) {
      self.factor = factor
      self.mean = mean
      self.deviation = deviation
    }

    func apply(_ value: Double) -> Float { Float(min(1e4, max(-1e4, (value * factor - mean) / deviation))) }
  }

  var count: Int { signals.first?.count ?? 0 }

  static func inputs(signals: Int) -> Int { 2 * signals + 2 }

  /// The newest `limit` steps as the network takes them: value and "was measured" of each signal, and the time of day.
  func steps(_ limit: Int, standards: [Standard]) -> [Float] {
    let first = max(0, count - limit)
    let inputs = Self.inputs(signals: signals.count)
    var result = [Float](repeating: 0, count: (count - first) * inputs)
    for (column, values) in signals.enumerated() {
      // The mean stands in for what was never measured.
      var last: Float = 0
      if let known = values[..<first].last(where: { $0.isFinite }) { last = standards[column].apply(known) }
      for index in first..<count {
        let isMeasured = values[index].isFinite
        if isMeasured { last = standards[column].apply(values[index]) }
        result[(index - first) * inputs + 2 * column] = last
        result[(index - first) * inputs + 2 * column + 1] = isMeasured ? 1 : 0
      }
    }
    for index in first..<count {
      let local = calendar.localTime(at: end &- Int64(count - 1 - index) &* step)
      let day = Double(((local % 86_400_000) + 86_400_000) % 86_400_000) / 86_400_000
      result[(index - first) * inputs + inputs - 2] = Float(sin(2 * Double.pi * day))
      result[(index - first) * inputs + inputs - 1] = Float(cos(2 * Double.pi * day))
    }
    return result
  }
}
