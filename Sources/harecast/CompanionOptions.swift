import ArgumentParser
import Backtest
import Forecasting

/// Signals that a model looks at beside the one it forecasts, as the command line gives them.
enum CompanionOptions {
  /// - Throws: `ValidationError` if none of the models looks at them.
  static func check(_ companions: [String], models: [String]) throws {
    guard !companions.isEmpty else { return }
    guard companions.count <= CompanionHistory.limit else {
      throw ValidationError("--companion: \(companions.count) are over the limit of \(CompanionHistory.limit)")
    }
    guard !models.contains(where: ForecastModels.usesCompanions) else { return }
    let looking = ForecastModels.names.filter(ForecastModels.usesCompanions)
    throw ValidationError("--companion needs a model that looks at companions: \(looking.joined(separator: ", "))")
  }

  /// Reads what the expressions give over the time of the history.
  static func read(
    _ companions: [String], _ history: HistoryOptions, now: Double
  ) async throws -> [CompanionHistory] {
    var result: [CompanionHistory] = []
    for expression in companions {
      let (series, _) = try await history.read(expression, now: now)
      guard !series.isEmpty else { throw BacktestError(expression, "no series in this time (--companion)") }
      result.append(CompanionHistory(source: expression, series: series))
    }
    return result
  }
}
