/// Why a forecast was refused.
public enum ForecastError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The history holds no value at all.
  case noObservations

  /// The horizons are empty, below 1, not ascending, or beyond `ForecastLimits.maximumHorizon`.
  case invalidHorizons(String)

  /// The quantiles are empty, outside 0…1 (exclusive), not ascending, or too many.
  case invalidQuantiles(String)

  /// A threshold or probability is not a usable number.
  case invalidThreshold(String)

  /// No model goes by this name.
  case unknownModel(String)

  /// Saved bytes are cut off, of another version or model, or contradict themselves.
  case unreadableState(String)

  /// What the model needs is not there: a library that is not installed, or one that refused.
  case unavailable(String)

  public var description: String {
    switch self {
    case .unavailable(let reason): "the model cannot work: \(reason)"
    case .noObservations: "nothing to forecast from: the history holds no value"
    case .invalidHorizons(let reason): "invalid horizons: \(reason)"
    case .invalidQuantiles(let reason): "invalid quantiles: \(reason)"
    case .invalidThreshold(let reason): "invalid threshold: \(reason)"
    case .unknownModel(let name):
      "unknown forecast model \"\(name.prefix(50))\", known are \(ForecastModels.names.joined(separator: ", "))"
    case .unreadableState(let reason): "unreadable forecast state: \(reason)"
    }
  }
}

/// The bounds on what one call may ask for.
public enum ForecastLimits {
  /// The farthest horizon in steps: a year of minutes.
  public static let maximumHorizon = 527_040

  /// The most horizons of one forecast.
  public static let maximumHorizonCount = 20_000

  /// The most quantiles of one forecast.
  public static let maximumQuantileCount = 100

  /// Checks what a caller asks for.
  ///
  /// - Throws: ``ForecastError/invalidHorizons(_:)`` or ``ForecastError/invalidQuantiles(_:)``.
  static func check(horizons: [Int], quantiles: [Double]) throws(ForecastError) {
    guard let first = horizons.first, let last = horizons.last else {
      throw .invalidHorizons("at least one is needed")
    }
    guard horizons.count <= maximumHorizonCount else {
      throw .invalidHorizons("\(horizons.count) asked for, the limit is \(maximumHorizonCount)")
    }
    guard first >= 1 else { throw .invalidHorizons("\(first) is below 1 step") }
    guard last <= maximumHorizon else {
      throw .invalidHorizons("\(last) steps asked for, the limit is \(maximumHorizon)")
    }
    for (earlier, later) in zip(horizons, horizons.dropFirst()) where later <= earlier {
      throw .invalidHorizons("\(later) after \(earlier) is not ascending")
    }
    guard !quantiles.isEmpty else { throw .invalidQuantiles("at least one is needed") }
    guard quantiles.count <= maximumQuantileCount else {
      throw .invalidQuantiles("\(quantiles.count) asked for, the limit is \(maximumQuantileCount)")
    }
    for level in quantiles where !(level > 0 && level < 1) {
      throw .invalidQuantiles("\(level) is not between 0 and 1")
    }
    for (earlier, later) in zip(quantiles, quantiles.dropFirst()) where later <= earlier {
      throw .invalidQuantiles("\(later) after \(earlier) is not ascending")
    }
  }
}
