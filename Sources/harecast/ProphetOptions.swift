import ArgumentParser
import Forecasting
import TimeSeries

/// The settings of a `prophet`, as the library of that name calls them.
struct ProphetOptions: ParsableArguments {
  @Option(name: .customLong("changepoint-prior-scale"), help: "How readily the trend bends [0.05].")
  var changepointPriorScale: Double?
  @Option(name: .customLong("seasonality-prior-scale"), help: "How large seasonal effects may be [10].")
  var seasonalityPriorScale: Double?
  @Option(name: .customLong("holidays-prior-scale"), help: "How large the effects of events may be [10].")
  var holidaysPriorScale: Double?
  @Option(name: .customLong("seasonality-mode"), help: "additive or multiplicative [additive].")
  var mode: String?
  @Option(
    name: .customLong("seasonality"),
    help: "A rhythm as NAME=PERIOD:ORDER, for instance hourly=1h:8; may be given again [those that the history shows].")
  var seasonalities: [String] = []

  var isUsed: Bool { !given.isEmpty }

  /// What was given, by name.
  var given: [String: String] {
    var result: [String: String] = [:]
    result["changepoint_prior_scale"] = changepointPriorScale.map { "\($0)" }
    result["seasonality_prior_scale"] = seasonalityPriorScale.map { "\($0)" }
    result["holidays_prior_scale"] = holidaysPriorScale.map { "\($0)" }
    result["seasonality_mode"] = mode
    if !seasonalities.isEmpty { result["seasonalities"] = seasonalities.joined(separator: ",") }
    return result
  }

  /// - Throws: `ValidationError`.
  func settings() throws -> ProphetSettings {
    var settings = ProphetSettings()
    for (flag, scale) in [
      ("changepoint", changepointPriorScale), ("seasonality", seasonalityPriorScale), ("holidays", holidaysPriorScale),
    ] {
      if let scale, !(scale > 0 && scale <= 1e6) {
        throw ValidationError("--\(flag)-prior-scale: \(scale) is not between 0 and 1000000")
      }
    }
    settings.changepointPriorScale = changepointPriorScale ?? settings.changepointPriorScale
    settings.seasonalityPriorScale = seasonalityPriorScale ?? settings.seasonalityPriorScale
    settings.holidaysPriorScale = holidaysPriorScale ?? settings.holidaysPriorScale
    switch mode {
    case nil, "additive": break
    case "multiplicative": settings.mode = .multiplicative
    case .some(let word): throw ValidationError("--seasonality-mode: \"\(word)\" is not additive or multiplicative")
    }
    if !seasonalities.isEmpty { settings.seasonalities = try seasonalities.map(Self.seasonality) }
    return settings
  }

  private static func seasonality(_ text: String) throws -> Seasonality {
    let halves = text.split(separator: "=", maxSplits: 1)
    let numbers = halves.last?.split(separator: ":") ?? []
    guard halves.count == 2, numbers.count == 2, let period = PrometheusDuration.parse(String(numbers[0])), period > 0,
      let order = Int(numbers[1]), (1...50).contains(order)
    else {
      throw ValidationError("--seasonality: \"\(text)\" is not NAME=PERIOD:ORDER, such as hourly=1h:8, order 1 to 50")
    }
    return Seasonality(name: String(halves[0]), period: period, order: order)
  }
}
