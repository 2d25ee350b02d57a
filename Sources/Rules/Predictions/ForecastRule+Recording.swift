import Forecasting
import TimeSeries

extension ForecastRule {
  /// Adds what is to be recorded of one signal.
  mutating func record(
    _ signal: ForecastSignal, _ signalLabels: Labels, at time: Int64, into result: inout PredictionResult
  ) {
    for (index, horizon) in followed.enumerated() {
      guard let skill = signal.ledger.tallies[index].skill else { continue }
      let series = Self.skillName(of: name).labelled(signalLabels, labels, [Label("horizon", horizon.text)])
      result.outputs.append(RuleOutput(labels: series, value: skill))
      if skill < 0 { result.worseThanNaive[index, default: 0] += 1 }
    }
    switch block.target {
    case .horizons:
      guard let rows = signal.rows else { return }
      let width = block.quantiles.count
      for (index, horizon) in horizons.enumerated() where !withholds(signal, horizon: index) {
        for (column, quantile) in block.quantiles.enumerated() {
          let extra = [Label("horizon", horizon.text), Label("q", GoFormat.float(quantile))]
          result.outputs.append(
            RuleOutput(
              labels: name.labelled(signalLabels, labels, extra), value: rows.values[index * width + column]))
        }
      }
      for (column, quantile) in block.quantiles.enumerated() {
        let curve = "\(name)_curve".labelled(signalLabels, labels, [Label("q", GoFormat.float(quantile))])
        result.keptCurves.insert(curve)
        guard signal.predictedAt == time else { continue }
        let computed = rows.curveTimes.indices.map {
          Sample(rows.curveTimes[$0], rows.curveValues[$0 * width + column])
        }
        result.curves.append((curve, CurvePoints.filled(computed)))
      }
    case .limit(let target):
      guard let made = signal.threshold, let predictedAt = signal.predictedAt, !withholds(signal, horizon: 0)
      else { return }
      let prediction = made.after(Double(time - predictedAt) / 1000)
      if prediction.probability >= target.probability, let median = prediction.seconds[1] {
        result.outputs.append(RuleOutput(labels: name.labelled(signalLabels, labels), value: median))
      }
      for (level, seconds) in zip(ThresholdPrediction.levels, prediction.seconds) {
        guard let seconds else { continue }
        let q = Label("q", GoFormat.float(level))
        result.outputs.append(RuleOutput(labels: name.labelled(signalLabels, labels, [q]), value: seconds))
      }
      result.outputs.append(
        RuleOutput(labels: Self.probabilityName(of: name).labelled(signalLabels, labels), value: prediction.probability)
      )
    }
  }

  /// The name of the series of probabilities beside a time to a limit of the name `name`.
  static func probabilityName(of name: String) -> String {
    (name.hasSuffix("_seconds") ? String(name.dropLast("_seconds".count)) : name) + "_probability"
  }

  /// Empties the curves of series that are no longer forecast.
  mutating func dropOldCurves(into result: inout PredictionResult) {
    for labels in curves.subtracting(result.keptCurves) { result.curves.append((labels, [])) }
    curves = result.keptCurves
  }

  /// All curves the store may hold, to be emptied when the rule ends.
  var ownedCurves: Set<Labels> { curves }

  /// Whether the rule demands more skill than the forecasts of a series have shown at a horizon.
  func withholds(_ signal: ForecastSignal, horizon: Int) -> Bool {
    guard let least = block.minimumSkill, let skill = signal.ledger.tallies[horizon].skill else { return false }
    return skill < least
  }

  /// The name of the series of measured skill beside forecasts of the name `name`.
  static func skillName(of name: String) -> String {
    (name.hasSuffix("_seconds") ? String(name.dropLast("_seconds".count)) : name) + "_skill"
  }
}
