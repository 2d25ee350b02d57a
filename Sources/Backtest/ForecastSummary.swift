import Foundation
import TimeSeries

/// How one model did over all series, up to one horizon.
public struct ForecastSummary: Sendable {
  public var model: String
  /// How many series the errors rest on.
  public var seriesCount = 0
  /// The mean absolute error over that of the seasonal naive method on the same points (MASE relative to it): the
  /// geometric mean over the series; nil if no series has one.
  public var error: Double?
  /// The quantile loss, likewise.
  public var loss: Double?
  /// Pooled over all truths.
  public var coverage80: Double?
  public var coverage95: Double?
  /// The width of the 95% interval in units of the seasonal naive method's mean absolute error: the median over time
  /// and then over the series.
  public var width: Double?
  /// CPU seconds.
  public var fitSeconds: Double?
  public var updateSeconds: Double?
  /// Why the model gave nothing on some series.
  public var failure: String?

  /// The summaries of all models for the horizon at a position, the least error first.
  ///
  /// Series on which the seasonal naive method never erred have no unit and are left out of errors and widths.
  public static func all(_ results: [ForecastHistory.Result], horizonAt index: Int) -> [ForecastSummary] {
    var names: [String] = []
    for outcome in results.flatMap(\.outcomes) where !names.contains(outcome.model) { names.append(outcome.model) }
    return names.map { of($0, results, horizonAt: index) }.enumerated().sorted { left, right in
      let (one, two) = (left.element.error ?? .infinity, right.element.error ?? .infinity)
      return one != two ? one < two : left.offset < right.offset
    }.map(\.element)
  }

  private static func of(
    _ model: String, _ results: [ForecastHistory.Result], horizonAt index: Int
  ) -> ForecastSummary {
    var summary = ForecastSummary(model: model)
    var errors: [Double] = []
    var losses: [Double] = []
    var widths: [Double] = []
    var fits: [Double] = []
    var updates: [Double] = []
    var (count, inside80, inside95) = (0.0, 0.0, 0.0)
    for result in results {
      guard let outcome = result.outcomes.first(where: { $0.model == model }) else { continue }
      if let failure = outcome.failure {
        summary.failure = failure
        continue
      }
      let tally = outcome.tallies[index]
      count += Double(tally.count)
      inside80 += (tally.coverage80 ?? 0) * Double(tally.count)
      inside95 += (tally.coverage95 ?? 0) * Double(tally.count)
      fits.append(outcome.fitSeconds)
      if let seconds = outcome.updateSeconds { updates.append(seconds) }
      let naive = result.outcomes.first { $0.model == ForecastHistory.baseline }?.tallies[index]
      guard let scale = result.scale(horizonAt: index), let error = tally.meanAbsoluteError,
        let naiveLoss = naive?.meanQuantileLoss, naiveLoss > 0, let loss = tally.meanQuantileLoss
      else { continue }
      errors.append(error / scale)
      losses.append(loss / naiveLoss)
      if let width = tally.medianWidth { widths.append(width / scale) }
    }
    summary.seriesCount = errors.count
    summary.error = geometricMean(errors)
    summary.loss = geometricMean(losses)
    summary.width = ForecastHistory.median(widths)
    if count > 0 { (summary.coverage80, summary.coverage95) = (inside80 / count, inside95 / count) }
    summary.fitSeconds = mean(fits)
    summary.updateSeconds = mean(updates)
    return summary
  }

  /// An error of nothing counts as a hundredth of the unit: one perfect series does not make a perfect model.
  private static func geometricMean(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let logarithms = values.map { log(max($0, 0.01)) }
    return exp(logarithms.reduce(0, +) / Double(values.count))
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}

extension ForecastSummary {
  /// The heads of the columns of ``cells``.
  static let heads = [
    "error", "loss", "80% covers", "95% covers", "95% width", "fit ms", "update us",
  ]

  /// The numbers as text, `-` where there is none.
  var cells: [String] {
    func text(_ value: Double?, _ decimals: Int, factor: Double = 1) -> String {
      value.map { ReportText.decimals($0 * factor, decimals) } ?? "-"
    }
    return [
      text(error, 3), text(loss, 3), text(coverage80, 1, factor: 100), text(coverage95, 1, factor: 100), text(width, 2),
      text(fitSeconds, 2, factor: 1000), text(updateSeconds, 1, factor: 1e6),
    ]
  }

  /// One table for each horizon: models by error, with coverage and cost.
  public static func table(_ results: [ForecastHistory.Result], history: ForecastHistory, step: Int64) -> String {
    var lines: [String] = []
    let origins = results.map(\.origins.count).max() ?? 0
    for (index, horizon) in history.horizons.enumerated() {
      let length = PrometheusDuration.format(Int64(horizon) * step)
      let summaries = all(results, horizonAt: index)
      let series = summaries.map(\.seriesCount).max() ?? 0
      if index > 0 { lines.append("") }
      lines.append(
        "up to \(length) ahead: \(series) series, \(origins) origins; error and loss relative to "
          + "\(ForecastHistory.baseline), coverage in %")
      let width = max(5, summaries.map(\.model.utf8.count).max() ?? 0)
      lines.append(
        "model" + String(repeating: " ", count: width - 5)
          + heads.map { ReportText.pad($0, $0.utf8.count + 2) }.joined())
      for summary in summaries {
        var line = summary.model + String(repeating: " ", count: width - summary.model.utf8.count)
        for (head, cell) in zip(heads, summary.cells) { line += ReportText.pad(cell, head.utf8.count + 2) }
        lines.append(line + (summary.failure.map { "  " + $0 } ?? ""))
      }
    }
    return lines.joined(separator: "\n")
  }
}
