import Forecasting
import PromQL
import TimeSeries

/// A model that was trained beforehand, as a rule with `model: trained:NAME` is served by it.
public struct TrainedModel: Sendable, Equatable {
  /// What stands before the name in a rule file.
  public static let prefix = "trained:"
  /// The most steps since the training that are made up for; a longer absence is a fault.
  static let mostMissedSteps: Int64 = 50_000

  public var name: String
  /// What tells one version of the model from another.
  public var digest: String
  /// Milliseconds between two values.
  public var step: Int64
  /// The time of the newest value that was learnt, in UTC milliseconds.
  public var end: Int64
  /// What the model learnt to look at beside its signal, in its order: expressions, or heads of columns of a file.
  public var companions: [String]
  /// The saved models by the labels of their series, the metric name left out; one without labels serves all others.
  public var states: [Labels: [UInt8]]

  public init(
    name: String, digest: String, step: Int64, end: Int64, companions: [String] = [], states: [Labels: [UInt8]]
  ) {
    self.name = name
    self.digest = digest
    self.step = step
    self.end = end
    self.companions = companions
    self.states = states
  }

  /// Refuses a rule whose companions are not those of the training: the model would take one signal for another.
  ///
  /// Other expressions may mean the same, such as a recorded name and what it was recorded from; so the number must be
  /// the same, and none may stand in the place of another.
  func check(_ given: [ForecastBlock.Companion]) throws(RuleFault) {
    func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: " | ") }
    guard given.count == companions.count else {
      throw RuleFault(
        "it was trained with these companions: \(list(companions)); the rule has: \(list(given.map(\.text)))")
    }
    let own = companions.map(Self.canonical)
    for (place, companion) in given.enumerated() {
      let text = Self.canonical(companion.text)
      if text != own[place], own.contains(text) {
        throw RuleFault(
          "the rule has its companions in another order than the training: \(list(companions)); "
            + "the rule has: \(list(given.map(\.text)))")
      }
    }
  }

  /// An expression without what does not matter in it; anything else as it is.
  private static func canonical(_ text: String) -> String {
    guard let expression = try? QueryEngine().parse(text) else { return text }
    return "\(expression)"
  }

  /// The saved model of a series, if there is one.
  func state(for labels: Labels) -> TrainedState? {
    (states[labels] ?? states[Labels.empty]).map { TrainedState(bytes: $0, end: end) }
  }
}

/// A saved model that has not been brought back yet.
struct TrainedState: Sendable {
  var bytes: [UInt8]
  /// The time of the newest value that it knows, in UTC milliseconds.
  var end: Int64

  /// The model, up to date.
  ///
  /// - Parameters:
  ///   - values: what is known since, the newest at `last`; what is missing before them is learnt as missing.
  ///   - companions: the values of the signals beside it, with the same end.
  /// - Throws: `ForecastError` if it cannot be read, or is too old.
  func model(
    knowing values: [Double], companions: [[Double]] = [], through last: Int64, step: Int64
  ) throws(ForecastError) -> any ForecastModel {
    let missed = max(0, (last - end) / step)
    guard missed <= TrainedModel.mostMissedSteps else {
      throw .unavailable(
        "it was trained until \(RFC3339.format(end)), \(missed) steps ago, over the limit of "
          + "\(TrainedModel.mostMissedSteps): train it anew")
    }
    var model = try ForecastModels.restore(bytes)
    let known = values.suffix(Int(missed))
    for _ in 0..<(Int(missed) - known.count) { model.observe(.nan) }
    for (index, value) in known.enumerated() {
      let beside = companions.map { column in
        let position = column.count - known.count + index
        return column.indices.contains(position) ? column[position] : .nan
      }
      model.observe(value, companions: beside)
    }
    return model
  }
}

extension RuleFile {
  /// Gives the rules with `model: trained:NAME` their models.
  ///
  /// A rule whose model is another one than before is another rule: a reload begins anew with it.
  ///
  /// - Parameter load: gives the model of a name; called once for each.
  /// - Throws: ``RuleFileErrors`` with every rule whose model cannot be had or does not fit.
  public mutating func attachTrainedModels(_ load: (String) throws -> TrainedModel) throws(RuleFileErrors) {
    var known: [String: Result<TrainedModel, any Error>] = [:]
    var faults: [RuleFileError] = []
    for group in groups.indices {
      for rule in groups[group].rules.indices {
        guard case .forecast(var block) = groups[group].rules[rule].kind, let name = block.trainedName else { continue }
        let outcome = known[name] ?? Result { try load(name) }
        known[name] = outcome
        do {
          let model = try outcome.get()
          guard model.step == block.step else {
            throw RuleFault(
              "it was trained at a step of \(PrometheusDuration.format(model.step)), the rule has "
                + PrometheusDuration.format(block.step))
          }
          try model.check(block.companions)
          block.trained = model
          groups[group].rules[rule].kind = .forecast(block)
          groups[group].rules[rule].definition += "|\(TrainedModel.prefix)\(model.digest)"
        } catch {
          let place = "group \(Labels.quoted(groups[group].name)), rule \(rule + 1), "
          faults.append(
            RuleFileError(
              path: path, line: 0, column: 0,
              message: place
                + "\(Labels.quoted(groups[group].rules[rule].name)): model \(TrainedModel.prefix)\(name): \(error)"))
        }
      }
    }
    if !faults.isEmpty { throw RuleFileErrors(errors: faults) }
  }
}
