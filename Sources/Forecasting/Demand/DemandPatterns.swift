/// The kinds of days that a signal knows, found by grouping its past days.
///
/// Each day (local time, cut into equal parts) is a row; rows are grouped by ``KMeans`` with as many groups as the elbow
/// rule finds. A day that has begun is compared with the groups part by part, and the nearest one says what is left to come.
public struct DemandPatterns: Sendable, Equatable {
  /// One kind of day.
  public struct Pattern: Sendable, Equatable {
    /// The mean value of each part of the day.
    public var profile: [Double]
    /// The local days (since 1970-01-01) that were like it, ascending.
    public var days: [Int]

    /// How many of them were Mondays, Tuesdays and so on.
    public var weekdays: [Int] {
      var counts = [Int](repeating: 0, count: 7)
      for day in days { counts[CivilDate.weekday(ofDay: day)] += 1 }
      return counts
    }
  }

  /// How today looks so far.
  public struct Likeness: Sendable, Equatable {
    /// The position of the nearest pattern.
    public var pattern: Int
    /// The root mean square difference from it over the parts that are known, in units of the signal.
    public var distance: Double
    /// The pattern's values for the parts of the day that are still to come.
    public var remainder: [Double]
  }

  /// The patterns, the most frequent first.
  public private(set) var patterns: [Pattern]
  /// Into how many parts a day is cut.
  public let parts: Int

  /// Finds the patterns of a history's whole days; days with a part without any value are left out.
  ///
  /// - Parameter parts: into how many parts a day is cut; 24 for hours.
  /// - Complexity: O(days × parts × groups) for each of the groupings tried.
  public init(_ series: ForecastSeries, parts: Int = 24) {
    let parts = max(1, parts)
    self.parts = parts
    let days = Self.days(series, parts: parts)
    let whole = days.filter { day in day.profile.allSatisfy { $0.isFinite } }
    guard !whole.isEmpty else {
      patterns = []
      return
    }
    let table = whole.flatMap(\.profile)
    // A kind is seen four times on average: single days are no kinds.
    let most = min(10, whole.count / 4)
    let together = KMeans(table, columns: parts, count: 1)
    // Two points make no curve with an elbow.
    let atElbow = most >= 3 ? KMeans.atElbow(table, columns: parts, counts: 1...most) : together
    // Chance alone can be grouped too, but groups that leave most of the differences as they are are no kinds of days.
    let groups = atElbow.inertia <= together.inertia / 2 ? atElbow : together
    patterns = (0..<groups.count).map { group in
      Pattern(
        profile: Array(groups.centres[group * parts..<(group + 1) * parts]),
        days: whole.indices.filter { groups.assignments[$0] == group }.map { whole[$0].day })
    }.filter { !$0.days.isEmpty }.sorted { ($1.days.count, $0.days[0]) < ($0.days.count, $1.days[0]) }
  }

  /// Which pattern the parts of a day that are known so far are nearest to; nil without patterns or values.
  ///
  /// - Parameter known: the mean values of the day's first parts, NaN where missing.
  public func likeness(of known: [Double]) -> Likeness? {
    var best: Likeness?
    for (index, pattern) in patterns.enumerated() {
      var squares = 0.0
      var count = 0.0
      for (value, expected) in zip(known, pattern.profile) where value.isFinite {
        squares += (value - expected) * (value - expected)
        count += 1
      }
      guard count > 0 else { return nil }
      let distance = (squares / count).squareRoot()
      if distance < best?.distance ?? .infinity {
        best = Likeness(
          pattern: index, distance: distance, remainder: Array(pattern.profile.dropFirst(known.count)))
      }
    }
    return best
  }

  /// The means of those parts of the newest local day of a series that have begun, NaN where nothing was measured.
  static func today(_ series: ForecastSeries, parts: Int) -> [Double] {
    guard let newest = days(series, parts: max(1, parts)).last else { return [] }
    let local = series.calendar.localTime(at: series.end) - Int64(newest.day) * 86_400_000
    return Array(newest.profile.prefix(Int(local) * parts / 86_400_000 + 1))
  }

  /// The mean value of each part of each local day that the series touches; NaN where nothing was measured.
  static func days(_ series: ForecastSeries, parts: Int) -> [(day: Int, profile: [Double])] {
    var result: [(day: Int, profile: [Double])] = []
    var sums: [Double] = []
    var counts: [Double] = []
    func close() {
      guard !result.isEmpty else { return }
      result[result.count - 1].profile = zip(sums, counts).map { $1 > 0 ? $0 / $1 : .nan }
    }
    for (index, value) in series.values.enumerated() {
      let local = series.calendar.localTime(at: series.start &+ Int64(index) &* series.step)
      let day = Int((Double(local) / 86_400_000).rounded(.down))
      if result.last?.day != day {
        close()
        result.append((day, []))
        sums = [Double](repeating: 0, count: parts)
        counts = sums
      }
      guard value.isFinite else { continue }
      let part = min(parts - 1, Int(local - Int64(day) * 86_400_000) * parts / 86_400_000)
      sums[part] += value
      counts[part] += 1
    }
    close()
    return result
  }
}
