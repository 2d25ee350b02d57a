import TimeSeries

/// Chooses the series that a prediction can afford: those with the largest mean absolute value lately.
struct BusiestSeries: Sendable {
  /// How much of the mean is made of the newest value.
  private static let weight = 0.1
  /// A series outside must exceed one inside by this factor to take its place.
  private static let loyalty = 1.25

  let limit: Int
  private var activity: [Labels: Double] = [:]
  private var chosen: Set<Labels> = []

  /// - Parameter chosen: the series that were chosen before.
  init(limit: Int, chosen: Set<Labels> = []) {
    self.limit = limit
    self.chosen = chosen
  }

  /// The series to predict, of those in `values`.
  ///
  /// - Complexity: O(*n* log *n*) if there are more than the limit, else O(*n*).
  mutating func choose(among values: [Labels: Double]) -> Set<Labels> {
    guard values.count > limit else {
      activity = [:]
      chosen = Set(values.keys)
      return chosen
    }
    var ranked: [(labels: Labels, rank: Double)] = []
    ranked.reserveCapacity(values.count)
    var means: [Labels: Double] = [:]
    means.reserveCapacity(values.count)
    for (labels, value) in values {
      let magnitude = value.isFinite ? value.magnitude : 0
      let mean = activity[labels].map { $0 + Self.weight * (magnitude - $0) } ?? magnitude
      means[labels] = mean
      ranked.append((labels, chosen.contains(labels) ? mean * Self.loyalty : mean))
    }
    ranked.sort { $0.rank != $1.rank ? $0.rank > $1.rank : $0.labels < $1.labels }
    activity = means
    chosen = Set(ranked.prefix(limit).map(\.labels))
    return chosen
  }
}
