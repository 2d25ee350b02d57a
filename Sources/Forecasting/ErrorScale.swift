/// Ways to foresee how large the next error will be, relative to what is usual.
///
/// Errors divided by such a scale, times the scale of now, give intervals that breathe with the signal: narrow on a
/// quiet night, wide while a queue is being filled. Which of them tells anything is judged by the errors themselves.
enum ErrorScale: Int, CaseIterable {
  /// Errors are always alike.
  case constant
  /// Errors grow with how much the signal moved lately.
  case activity
  /// Errors are large when yesterday differed from the day before at that time.
  case daily
  /// Errors grow with the level.
  case level
  /// Errors grow with the root of the level, as of counted events.
  case rootLevel

  /// The scale of a forecast made at `origin`; only its ratio to the mean of such scales means anything.
  ///
  /// - Parameter centre: what was forecast.
  func value(_ view: HistoryView, origin: Int, horizon: Int, centre: Double) -> Double {
    switch self {
    case .constant: return 1
    case .activity:
      let start = max(0, origin - max(11, horizon))
      return (view.changes[origin + 1] - view.changes[start]) / Double(origin + 1 - start)
    case .daily:
      guard let day = view.rhythm.day else { return 1 }
      let target = origin + horizon - ((horizon - 1) / day + 1) * day
      let reach = max(1, day / 48)
      guard target >= day + reach else { return 1 }
      let end = min(target + reach + 1, origin + 1)
      let start = target - reach
      return (view.dailyChanges[end] - view.dailyChanges[start]) / Double(end - start)
    case .level: return abs(centre)
    case .rootLevel: return abs(centre).squareRoot()
    }
  }
}
