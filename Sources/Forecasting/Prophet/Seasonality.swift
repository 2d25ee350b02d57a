#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One rhythm as a sum of sines and cosines.
///
/// S. J. Taylor and B. Letham, "Forecasting at Scale" (2018), section 3.2.
public struct Seasonality: Sendable, Equatable {
  public var name: String
  /// The length of one round in milliseconds.
  public var period: Int64
  /// How many pairs of sine and cosine; the more, the sharper the features it can follow.
  public var order: Int

  public init(name: String, period: Int64, order: Int) {
    self.name = name
    self.period = max(1, period)
    self.order = min(50, max(1, order))
  }

  /// An hour in eight pairs.
  public static let hourly = Seasonality(name: "hourly", period: 3_600_000, order: 8)
  /// A day in ten pairs.
  public static let daily = Seasonality(name: "daily", period: 86_400_000, order: 10)
  /// A week in three pairs.
  public static let weekly = Seasonality(name: "weekly", period: 604_800_000, order: 3)
  /// A year in ten pairs.
  public static let yearly = Seasonality(name: "yearly", period: 31_557_600_000, order: 10)

  /// The number of features.
  var width: Int { 2 * order }

  /// Appends the features of a moment of local time.
  func appendFeatures(at localTime: Int64, to row: inout [Double]) {
    // The remainder first: an angle of a billion radians has lost its phase.
    let phase = Double(((localTime % period) + period) % period) / Double(period) * 2 * Double.pi
    for harmonic in 1...order {
      row.append(sin(phase * Double(harmonic)))
      row.append(cos(phase * Double(harmonic)))
    }
  }

  /// The rhythms that a history of the given span and step can show: the day, the week, the year, where seen twice and sampled
  /// finely enough.
  static func automatic(span: Double, step: Int64) -> [Seasonality] {
    [
      Seasonality(name: "daily", period: daily.period, order: 4), weekly, yearly,
    ].compactMap { season in
      guard span >= 2 * Double(season.period), step <= season.period / 4 else { return nil }
      // No wave shorter than two steps.
      let finest = Int(season.period / (2 * step))
      return Seasonality(name: season.name, period: season.period, order: min(season.order, finest))
    }
  }
}
