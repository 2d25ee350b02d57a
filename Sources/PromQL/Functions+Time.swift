import TimeSeries

extension Evaluator {
  /// `timestamp`: of a selector, the times of its samples; of anything else, the evaluation time.
  func evaluateTimestamp(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    var result: SeriesGrid
    if case .selector(let node) = call.arguments[0].unwrapped {
      result = try evaluateTimestamps(node, grid)
    } else {
      result = try evaluateVector(call.arguments[0], grid)
      for row in 0..<result.rows {
        for step in 0..<grid.count where !result[row, step].isAbsent {
          result[row, step] = Double(grid.time(step)) / 1000
        }
      }
    }
    try dropNames(&result)
    return result
  }

  /// The parts of dates in UTC, of the evaluation time or of seconds since 1970.
  func evaluateDate(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let part: (CivilTime) -> Double
    switch call.function {
    case .dayOfMonth: part = { Double($0.day) }
    case .dayOfWeek: part = { Double($0.weekday) }
    case .dayOfYear: part = { Double($0.dayOfYear) }
    case .daysInMonth: part = { Double($0.daysInMonth) }
    case .hour: part = { Double($0.hour) }
    case .minute: part = { Double($0.minute) }
    case .month: part = { Double($0.month) }
    default: part = { Double($0.year) }
    }
    guard let argument = call.arguments.first else {
      var result = SeriesGrid(steps: grid.count)
      result.identities = [SeriesIdentity(labels: .empty)]
      result.cells = (0..<grid.count).map { part(CivilTime(seconds: grid.time($0) / 1000)) }
      return result
    }
    var result = try evaluateVector(argument, grid)
    dropHistograms(&result)
    // What no 64-bit count of seconds can hold becomes the smallest, as in Go's conversion on x86-64.
    result.map { part(CivilTime(seconds: Int64(exactly: $0.rounded(.towardZero)) ?? .min)) }
    try dropNames(&result)
    return result
  }
}
