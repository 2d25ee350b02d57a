/// A bounded history with gaps, as it was measured.
struct GappyHistory: Sendable {
  private(set) var facts = SignalFacts()
  /// The newest values; NaN where missing.
  private(set) var values: [Double] = []

  private static let capacity = 8064

  init() {}

  mutating func reset(_ series: ForecastSeries) {
    values.removeAll(keepingCapacity: true)
    facts = SignalFacts(series)
    for value in series.values { append(value) }
  }

  mutating func append(_ value: Double) {
    facts.note(value)
    values.append(value.isFinite ? value : .nan)
    // Trimming in blocks keeps the cost of an append constant.
    if values.count >= Self.capacity * 9 / 8 { values.removeFirst(values.count - Self.capacity) }
  }

  /// The history without gaps: leading ones dropped, inner ones interpolated, trailing ones counted; nil if empty.
  func filled() -> (values: [Double], stepsSinceLast: Int, magnitude: Double)? {
    guard let first = values.firstIndex(where: { !$0.isNaN }), let last = values.lastIndex(where: { !$0.isNaN })
    else { return nil }
    var result = Array(values[first...last])
    var magnitude = 0.0
    var previous = 0
    for index in result.indices where !result[index].isNaN {
      magnitude = max(magnitude, abs(result[index]))
      if index > previous + 1 {
        let low = result[previous]
        let high = result[index]
        for inner in previous + 1..<index {
          let share = Double(inner - previous) / Double(index - previous)
          result[inner] = low * (1 - share) + high * share
        }
      }
      previous = index
    }
    return (result, values.count - 1 - last, magnitude)
  }

  /// What was measured a whole number of days before the point `steps` ahead; see ``ForecastModel/dayBefore(steps:)``.
  func dayBefore(steps: Int) -> Double? {
    guard let day = SeasonalPeriods.daily(step: facts.step) else { return nil }
    let back = ((max(1, steps) - 1) / day + 1) * day - steps
    let index = values.count - 1 - back
    return values.indices.contains(index) && values[index].isFinite ? values[index] : nil
  }

  /// What is kept as a series, the bounds with it.
  func series(calendar: ForecastCalendar) -> ForecastSeries {
    ForecastSeries(
      values: values, step: facts.step, start: facts.end &- Int64(values.count - 1) &* facts.step, calendar: calendar,
      lowerBound: facts.lowerBound, upperBound: facts.upperBound)
  }

  func write(to writer: inout StateWriter) {
    facts.write(to: &writer)
    writer.write(values)
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    facts = try SignalFacts(&reader)
    values = try reader.readDoubles(atMost: Self.capacity * 9 / 8).map { $0.isFinite ? $0 : .nan }
  }
}
