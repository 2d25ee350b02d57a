/// Ways to foresee how large the next error will be, relative to what is usual.
///
/// Errors divided by such a scale, times the scale of now, give intervals that breathe with the signal: narrow on a
/// quiet night, wide while a queue is being filled. Which of them tells anything is judged by the errors themselves.
enum ErrorScale: CaseIterable {
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
  /// Large errors follow on large ones (R. Engle, "Autoregressive conditional heteroscedasticity", 1982).
  case errors

  /// What is added to every relative scale, so that none comes near zero.
  private static let least = 0.1

  /// A scale in the past and now, relative to its mean.
  struct Course {
    /// For each of the past errors, what it foresaw.
    fileprivate(set) var values: [Double]
    /// What it foresees now.
    fileprivate(set) var now: Double

    init(values: [Double], now: Double) {
      self.values = values
      self.now = now
    }

    mutating func add(_ other: Course, share: Double) {
      for index in values.indices { values[index] += share * other.values[index] }
      now += share * other.now
    }

    mutating func divide(by total: Double) {
      guard total > 0 else { return }
      for index in values.indices { values[index] /= total }
      now /= total
    }
  }

  /// What the scale foresaw for each past error and foresees now; nil if it says nothing here.
  ///
  /// - Parameter centre: what is forecast now.
  /// - Complexity: O(n).
  func course(of past: PastErrors, _ view: HistoryView, centre: Double) -> Course? {
    let count = past.errors.count
    if self == .constant {
      return Course(values: [Double](repeating: 1 + Self.least, count: count), now: 1 + Self.least)
    }
    let horizon = past.horizon
    var course: Course
    if self == .errors {
      guard count > 8 else { return nil }
      course = Self.lately(past.errors, targets: past.targets, horizon: horizon, now: view.count - 1)
    } else {
      guard let now = value(view, origin: view.count - 1, horizon: horizon, centre: centre) else { return nil }
      course = Course(values: [], now: now)
      course.values.reserveCapacity(count)
      for (target, error) in zip(past.targets, past.errors) {
        let value = value(view, origin: target - horizon, horizon: horizon, centre: view.values[target] - error)
        course.values.append(value ?? .nan)
      }
    }
    var mean = 0.0
    var known = 0
    for value in course.values where !value.isNaN {
      mean += value
      known += 1
    }
    // What says nothing about most of the errors cannot be judged by them.
    guard mean > 0, 2 * known > count else { return nil }
    mean /= Double(known)
    var greatest = 0.0
    for index in course.values.indices {
      let value = course.values[index]
      course.values[index] = (value.isNaN ? 1 : value / mean) + Self.least
      greatest = max(greatest, course.values[index])
    }
    // A scale is not trusted beyond what it was ever tried at.
    course.now = min(1.25 * greatest, course.now / mean + Self.least)
    return course
  }

  /// The scale of a forecast made at `origin`, nil if it is not known; only its ratio to the mean of such scales means
  /// anything.
  ///
  /// - Parameter centre: what was forecast.
  func value(_ view: HistoryView, origin: Int, horizon: Int, centre: Double) -> Double? {
    switch self {
    case .constant, .errors: return 1
    case .activity:
      let start = max(0, origin - max(11, horizon))
      return (view.changes[origin + 1] - view.changes[start]) / Double(origin + 1 - start)
    case .daily:
      guard let day = view.rhythm.day, let dailyChanges = view.dailyChanges else { return nil }
      let target = origin + horizon - ((horizon - 1) / day + 1) * day
      let reach = max(1, day / 48)
      guard target >= day + reach else { return nil }
      let end = min(target + reach + 1, origin + 1)
      let start = target - reach
      return (dailyChanges[end] - dailyChanges[start]) / Double(end - start)
    case .level: return abs(centre)
    case .rootLevel: return abs(centre).squareRoot()
    }
  }

  /// The mean of the absolute errors known when each forecast was made, fading with a half-life of two horizons and 12
  /// steps, and drawn to what is usual as long as few are known.
  ///
  /// - Parameters:
  ///   - errors: newest first, not empty.
  ///   - targets: the positions of what they were made about.
  static func lately(_ errors: [Double], targets: [Int], horizon: Int, now: Int) -> Course {
    let halfLife = 2 * Double(horizon) + 12
    let prior = 0.3 * halfLife
    var usual = 0.0
    for error in errors { usual += abs(error) }
    usual /= Double(errors.count)
    var course = Course(values: [Double](repeating: usual, count: errors.count), now: usual)
    // Those from `next` on are known.
    var next = errors.count
    var sum = 0.0
    var weight = 0.0
    var reached = targets[errors.count - 1]
    // Errors are mostly evenly apart.
    var usualGap = (steps: 0, factor: 1.0)
    func mean(at origin: Int) -> Double {
      while next > 0, targets[next - 1] <= origin {
        next -= 1
        let gap = targets[next] - reached
        if gap != usualGap.steps { usualGap = (gap, decay(Double(gap) / halfLife)) }
        let steps = Double(max(1, gap))
        sum = sum * usualGap.factor + steps * abs(errors[next])
        weight = weight * usualGap.factor + steps
        reached = targets[next]
      }
      guard weight > 0 else { return usual }
      let left = decay(Double(origin - reached) / halfLife)
      return (sum * left + prior * usual) / (weight * left + prior)
    }
    for index in errors.indices.reversed() { course.values[index] = mean(at: targets[index] - horizon) }
    course.now = mean(at: now)
    return course
  }
}
