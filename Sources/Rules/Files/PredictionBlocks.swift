import AnomalyDetection
import Forecasting
import StrictYAML
import TimeSeries

/// The bounds of what a prediction block may ask for.
enum PredictionLimits {
  static let horizons = 32
  static let quantiles = 20
  /// The most steps of a history.
  static let historySteps: Int64 = 50_000
  /// The most steps to the farthest horizon.
  static let horizonSteps: Int64 = 50_000
  /// The most series of one rule.
  static let series = 100_000
  static let models = 8
  /// The most signals beside the one that is forecast.
  static let companions = 16
}

extension RuleFileReader {
  /// Reads a `forecast` block; nil if something in it is wrong, which is then reported.
  mutating func forecast(_ node: YAMLNode) throws(YAMLError) -> ForecastBlock? {
    let before = errors.count
    var reader = try MappingReader(node, "a forecast block")
    let step = try milliseconds("step", 60_000, &reader)
    let history = try milliseconds("history", Self.usualHistory(14, step: step), &reader)
    let limit = try seriesLimit(&reader)
    let (models, trainedName) = try models(&reader)
    let companions = try companions(&reader, models: models, isTrained: trainedName != nil)
    let minimumSkill = try reader.optionalDouble("minimum_skill")
    if let minimumSkill, !(minimumSkill <= 1 && minimumSkill >= -100) {
      report(
        reader.place(of: "minimum_skill"),
        "minimum_skill: \(minimumSkill) is not between -100 and 1; 0 demands to be as good as the day before")
    }
    let isLimit = reader.has("until")
    let target: ForecastBlock.Target?
    var quantiles = [0.025, 0.5, 0.975]
    if isLimit {
      target = try threshold(&reader, step: step)
      for key in ["horizons", "quantiles"] where reader.has(key) {
        report(reader.place(of: key), "'\(key)' does not go with 'until' in a forecast block")
      }
      reader.ignore("horizons")
      reader.ignore("quantiles")
    } else {
      target = try horizons(&reader, step: step).map { .horizons($0) }
      quantiles = try self.quantiles(&reader) ?? quantiles
      for key in ["horizon", "probability"] where reader.has(key) {
        report(reader.place(of: key), "'\(key)' needs 'until' in a forecast block")
      }
      reader.ignore("horizon")
      reader.ignore("probability")
    }
    checkHistory(history, step: step, reader.place(of: "history"))
    try reader.finish()
    guard let target, errors.count == before else { return nil }
    return ForecastBlock(
      target: target, quantiles: quantiles, models: models, companions: companions, trainedName: trainedName,
      history: history, step: step, limit: limit, minimumSkill: minimumSkill)
  }

  /// Reads an `anomaly` block; nil if something in it is wrong, which is then reported.
  mutating func anomaly(_ node: YAMLNode) throws(YAMLError) -> AnomalyBlock? {
    let before = errors.count
    var reader = try MappingReader(node, "an anomaly block")
    let step = reader.has("step") ? try milliseconds("step", 60_000, &reader) : nil
    reader.ignore("step")
    let history = try milliseconds("history", Self.usualHistory(7, step: step), &reader)
    let limit = try seriesLimit(&reader)
    let by = try things(&reader)
    var rate = by.isEmpty ? AnomalyOptions.defaultFalseAlarmsPerDay : GroupScorer.defaultFalseAlarmsPerDay
    if let node = reader.optionalNode("false_alarms") {
      let text = try node.text("false_alarms")
      if let given = AnomalyBlock.falseAlarmsPerDay(text) {
        rate = given
      } else {
        report(node.place, "false_alarms: \(Labels.quoted(text)) is not a rate; write for instance 1 per 30d")
      }
    }
    var direction = AnomalyDirection.both
    if let node = reader.optionalNode("direction") {
      let text = try node.text("direction")
      if let given = AnomalyDirection(rawValue: text) {
        direction = given
      } else {
        report(node.place, "direction: \(Labels.quoted(text)) is not one of up, down, both")
      }
    }
    let deadBand = try deadBand(&reader)
    if !by.isEmpty && deadBand != DeadBand() {
      report(reader.place(of: "dead_band"), "'dead_band' has no meaning where signals are judged together ('by')")
    }
    if !by.isEmpty && reader.has("detectors") {
      report(reader.place(of: "detectors"), "'detectors' have no meaning where signals are judged together ('by')")
    }
    let detectors = try detectors(&reader)
    if let step { checkHistory(history, step: step, reader.place(of: "history")) }
    try reader.finish()
    guard errors.count == before else { return nil }
    return AnomalyBlock(
      history: history, step: step, falseAlarmsPerDay: rate, direction: direction, deadBand: deadBand,
      limit: limit, detectors: detectors, by: by)
  }

  // MARK: Parts

  private mutating func threshold(
    _ reader: inout MappingReader, step: Int64
  ) throws(YAMLError) -> ForecastBlock.Target? {
    let node = try reader.node("until")
    let text = try node.text("until")
    let horizon = try milliseconds("horizon", 86_400_000, &reader)
    var probability = 0.8
    if let given = try reader.optionalDouble("probability") {
      if given > 0, given < 1 {
        probability = given
      } else {
        report(reader.place(of: "probability"), "probability: \(given) is not between 0 and 1")
      }
    }
    checkHorizon(horizon, step: step, reader.place(of: "horizon"))
    guard let expression = expression(text, at: node.place) else { return nil }
    return .limit(.init(expression: expression, text: text, horizon: horizon, probability: probability))
  }

  private mutating func horizons(
    _ reader: inout MappingReader, step: Int64
  ) throws(YAMLError) -> [ForecastBlock.Horizon]? {
    let place = reader.place(of: "horizons")
    let nodes = try reader.sequence("horizons")
    guard !nodes.isEmpty else {
      report(place, "a forecast block needs 'horizons' or 'until'")
      return nil
    }
    guard nodes.count <= PredictionLimits.horizons else {
      report(place, "\(nodes.count) horizons exceed the limit of \(PredictionLimits.horizons)")
      return nil
    }
    var result: [ForecastBlock.Horizon] = []
    for node in nodes {
      let text = try node.text("a horizon")
      guard let length = duration(text, at: node.place) else { continue }
      checkHorizon(length, step: step, node.place)
      if result.contains(where: { $0.milliseconds == length }) {
        report(node.place, "the horizon \(text) is given twice")
      }
      result.append(.init(text: text, milliseconds: length))
    }
    return result.sorted { $0.milliseconds < $1.milliseconds }
  }

  private mutating func quantiles(_ reader: inout MappingReader) throws(YAMLError) -> [Double]? {
    guard let node = reader.optionalNode("quantiles") else { return nil }
    let items = try node.items("quantiles")
    guard !items.isEmpty, items.count <= PredictionLimits.quantiles else {
      report(node.place, "quantiles: give 1 to \(PredictionLimits.quantiles) numbers between 0 and 1")
      return nil
    }
    var result: [Double] = []
    for item in items {
      let value = try item.double("a quantile")
      if !(value > 0 && value < 1) || result.contains(value) {
        report(item.place, "the quantile \(value) is not between 0 and 1, or given twice")
      }
      result.append(value)
    }
    return result.sorted()
  }

  private mutating func deadBand(_ reader: inout MappingReader) throws(YAMLError) -> DeadBand {
    guard let node = reader.optionalNode("dead_band") else { return DeadBand() }
    var inner = try MappingReader(node, "a dead band")
    var band = DeadBand()
    band.absolute = try inner.optionalDouble("absolute") ?? 0
    band.relative = try inner.optionalDouble("relative") ?? 0
    for (key, value) in [("absolute", band.absolute), ("relative", band.relative)] where !(value >= 0 && value.isFinite)
    {
      report(inner.place(of: key), "dead_band: \(key) is \(value); it must not be below 0")
    }
    try inner.finish()
    return band
  }

  private mutating func things(_ reader: inout MappingReader) throws(YAMLError) -> [String] {
    guard let node = reader.optionalNode("by") else { return [] }
    var names: [String] = []
    for item in try node.items("by") {
      let name = try item.text("a label")
      if name.isEmpty || names.contains(name) {
        report(item.place, "by: \(Labels.quoted(name)) is empty or given twice")
      }
      names.append(name)
    }
    if names.isEmpty { report(node.place, "by: give at least one label") }
    return names
  }

  private mutating func detectors(_ reader: inout MappingReader) throws(YAMLError) -> [String] {
    guard let node = reader.optionalNode("detectors") else { return [SignalWatch.auto] }
    var names: [String] = []
    let known = SignalWatch.names + [ForecastResidual.detector]
    for item in try node.items("detectors") {
      let name = try item.text("a detector")
      if !known.contains(name) || names.contains(name) {
        report(
          item.place,
          "the detector \(Labels.quoted(name)) is not one of \(known.joined(separator: ", ")), or given twice"
        )
      }
      names.append(name)
    }
    if names.isEmpty { report(node.place, "detectors: give at least one name") }
    return names
  }

  /// The models by name, and the trained one.
  private mutating func models(
    _ reader: inout MappingReader
  ) throws(YAMLError) -> (names: [String], trained: String?) {
    guard let node = reader.optionalNode("model") else { return ([AutoForecaster.name], nil) }
    var names: [String] = []
    var items = [node]
    if case .sequence(let list) = node.content { items = list }
    for item in items {
      let name = try item.text("model")
      if name.hasPrefix(TrainedModel.prefix) {
        if items.count > 1 { report(item.place, "model: a trained model stands alone") }
        return ([AutoForecaster.name], String(name.dropFirst(TrainedModel.prefix.count)))
      }
      if !ForecastModels.names.contains(name) {
        report(item.place, "\(ForecastError.unknownModel(name))")
      }
      names.append(name)
    }
    if names.isEmpty || names.count > PredictionLimits.models {
      report(node.place, "model: give 1 to \(PredictionLimits.models) names")
    }
    return (names, nil)
  }

  private mutating func companions(
    _ reader: inout MappingReader, models: [String], isTrained: Bool
  ) throws(YAMLError) -> [ForecastBlock.Companion] {
    guard let node = reader.optionalNode("companions") else { return [] }
    let looking = ForecastModels.names.filter(ForecastModels.usesCompanions)
    // What a trained model is, its file says, which is not at hand here.
    if !isTrained, !models.contains(where: looking.contains) {
      report(node.place, "'companions' need a model that looks at them: \(looking.joined(separator: ", "))")
    }
    var result: [ForecastBlock.Companion] = []
    let items = try node.items("companions")
    for item in items {
      let text = try item.text("a companion")
      if let expression = expression(text, at: item.place) { result.append(.init(expression: expression, text: text)) }
    }
    if !(1...PredictionLimits.companions).contains(items.count) {
      report(node.place, "companions: give 1 to \(PredictionLimits.companions) expressions")
    }
    return result
  }

  private mutating func seriesLimit(_ reader: inout MappingReader) throws(YAMLError) -> Int {
    let limit = try reader.optionalInt("limit") ?? 200
    if limit < 1 || limit > PredictionLimits.series {
      report(reader.place(of: "limit"), "limit: \(limit) is not between 1 and \(PredictionLimits.series)")
    }
    return limit
  }

  /// A duration of at least a second, or `fallback`.
  private mutating func milliseconds(
    _ key: String, _ fallback: Int64, _ reader: inout MappingReader
  ) throws(YAMLError) -> Int64 {
    guard let node = reader.optionalNode(key) else { return fallback }
    let text = try node.text(key)
    guard let value = duration(text, at: node.place) else { return fallback }
    if value < 1000 {
      report(node.place, "\(key): \(text) is shorter than 1s")
      return fallback
    }
    return value
  }

  private mutating func checkHorizon(_ horizon: Int64, step: Int64, _ place: YAMLPlace) {
    if horizon < step {
      report(
        place,
        "the horizon \(PrometheusDuration.format(horizon)) is shorter than the step \(PrometheusDuration.format(step))")
    } else if horizon / step > PredictionLimits.horizonSteps {
      report(
        place,
        "the horizon \(PrometheusDuration.format(horizon)) has \(horizon / step) steps, more than the limit of "
          + "\(PredictionLimits.horizonSteps)")
    }
  }

  /// The history that is learnt where the rule names none: some days, as far as short steps allow.
  private static func usualHistory(_ days: Int64, step: Int64?) -> Int64 {
    min(days * 86_400_000, (step ?? .max / PredictionLimits.historySteps) * PredictionLimits.historySteps)
  }

  private mutating func checkHistory(_ history: Int64, step: Int64, _ place: YAMLPlace) {
    if history / step > PredictionLimits.historySteps {
      report(
        place,
        "the history \(PrometheusDuration.format(history)) has \(history / step) steps, more than the limit of "
          + "\(PredictionLimits.historySteps)")
    }
  }
}

extension AnomalyBlock {
  /// Alarms a day from `1 per 30d`; nil if the text is no such rate.
  public static func falseAlarmsPerDay(_ text: String) -> Double? {
    let words = text.split(separator: " ")
    guard words.count == 3, words[1] == "per", let count = Double(words[0]), count > 0, count.isFinite,
      let period = PrometheusDuration.parse(words[2]), period > 0
    else { return nil }
    let rate = count * 86_400_000 / Double(period)
    return rate.isFinite && rate > 0 ? rate : nil
  }
}
