import Forecasting
import TimeSeries

/// One series under forecast: its model, and its history until the model has learnt it.
///
/// A model sees the signal at a rule's step. Until 30 values exist at that step, a model on the finer grid of the
/// group's evaluations takes its place, so that a system that has just started forecasts at once. In the place of a model
/// that is still in training stands `auto`.
struct ForecastSignal: Sendable {
  /// How many values at the rule's step end the use of the finer grid.
  static let enoughValues = 30
  /// The most values kept on the finer grid.
  private static let maximumFineValues = 960

  /// When the expression last gave the series, in UTC milliseconds.
  var lastSeen: Int64
  var ledger: SkillLedger
  /// What was forecast last, and when.
  var rows: ForecastRows?
  var threshold: ThresholdPrediction?
  var predictedAt: Int64?

  /// The mean magnitude of the newest values.
  private(set) var level = 0.0
  /// The newest value.
  private(set) var newest = Double.nan
  /// The say that similar signals had in the newest forecast.
  var borrowedShare = 0.0
  /// What each of the models of the newest forecast said by itself, where it joins several: row by row, as in ``rows``.
  var parts: [(model: String, values: [Double])] = []

  /// The trained model that has not been brought back yet.
  private var trained: TrainedState?
  /// Whether the model was trained beforehand: then it knows more than the history in the store.
  private(set) var isTrained = false

  /// The training that is under way, and what came since it was asked for.
  private var training: (pending: PendingTraining, since: [(value: Double, companions: [Double])])?
  /// The history that models are to be trained on once it is long enough, and their names.
  private var gathering: (series: ForecastSeries, names: [String])?
  /// Why the last training gave nothing.
  private(set) var trainingFailure: ForecastError?
  /// Whether `auto` stands in the place of a model that was not trained yet.
  private(set) var isStandIn = false
  /// What the model says of its features, most important first.
  private(set) var importances: [FeatureImportance] = []

  private var hasHistory = false
  /// An `auto` model of an earlier process that was not brought back yet, and the history for it.
  private(set) var record: AutoRecord?
  private var recordHistory: (near: [Double], far: [Double])?
  private var model: (any ForecastModel)?
  /// Values at the rule's step to fit the model to, the newest at `coarseEnd`.
  private var waiting: [Double] = []
  private var finiteWaiting = 0
  /// The newest values of the signals beside this one, which end where ``waiting`` does.
  private var companionsWaiting: [[Double]] = []
  /// Values on the model's far grid, for the same purpose.
  private var farWaiting: [Double] = []
  private var coarseEnd: Int64 = 0

  private var fine: [Double] = []
  private var fineEnd: Int64 = 0
  private var fineModel: (any ForecastModel)?
  /// How many values the finer model had when it was last fitted anew.
  private var fineFitted = 0

  /// - Parameter trained: the model that was trained for it, if one was.
  init(horizonCount: Int, at time: Int64, trained: TrainedState? = nil) {
    lastSeen = time
    ledger = SkillLedger(horizonCount: horizonCount)
    self.trained = trained
    isTrained = trained != nil
  }

  /// A signal whose model an earlier process had fitted.
  ///
  /// - Parameters:
  ///   - end: the time of the newest value that the model knows.
  ///   - isTrained: whether it was trained beforehand.
  init(model: any ForecastModel, through end: Int64, ledger: SkillLedger, lastSeen: Int64, isTrained: Bool) {
    self.isTrained = isTrained
    self.lastSeen = lastSeen
    self.ledger = ledger
    self.model = model
    importances = (try? PendingTraining.importances(of: model)) ?? []
    coarseEnd = end
    hasHistory = true
  }

  /// A signal whose `auto` model an earlier process had fitted, to be brought back from the history.
  init(record: AutoRecord, ledger: SkillLedger, lastSeen: Int64) {
    self.lastSeen = lastSeen
    self.ledger = ledger
    self.record = record
    coarseEnd = record.near.end
    hasHistory = true
  }

  /// What is kept of a model.
  enum KeptModel {
    /// The history is read again.
    case record(AutoRecord)
    case whole([UInt8])
  }

  /// What the next process needs of the model on the rule's step; nil if there is none yet.
  func keptModel() -> KeptModel? {
    if let record { return .record(record) }
    guard let model, !isStandIn else { return nil }
    if !isTrained, let auto = model as? AutoForecaster { return .record(auto.record) }
    return .whole(model.saved())
  }

  /// Whether the model that forecasts now stands on the rule's step.
  var isSettled: Bool { model != nil }

  /// The name of the model that forecasts now.
  var modelName: String? { (model ?? fineModel).map { type(of: $0).name } }

  /// The number of values that the model on the rule's step has learnt, or that wait for it.
  var valueCount: Int { model?.observationCount ?? finiteWaiting }

  /// What stood a whole number of days before the point `steps` ahead, if the model knows.
  func dayBefore(steps: Int) -> Double? { model?.dayBefore(steps: steps) }

  /// The names of the models of which one is trained to take the place of the present one.
  var awaitedModels: [String]? { isStandIn ? training?.pending.modelNames ?? gathering?.names : nil }

  /// Takes note of the newest value.
  mutating func note(_ value: Double) {
    guard value.isFinite else { return }
    level = newest.isNaN ? value.magnitude : level + 0.1 * (value.magnitude - level)
    newest = value
  }

  /// Gives the history that the model of an earlier process is brought back from.
  ///
  /// - Parameters:
  ///   - near: the values from the start of the record's window on, up to `end`, which may be later than the window's.
  ///   - far: the values of the record's far window.
  mutating func giveHistory(near: [Double], far: [Double], through end: Int64) {
    guard let record else { return }
    recordHistory = (Array(near.prefix(record.near.count)), far)
    waiting = Array(near.dropFirst(record.near.count))
    coarseEnd = end
  }

  /// Takes in the value at a point of the rule's grid; NaN if there is none.
  ///
  /// - Parameters:
  ///   - companions: the values of the signals beside it.
  ///   - farStep: the milliseconds of a step of the model's far grid; nil if it has none.
  ///   - trainer: trains models that are slow to train; without one they are trained here.
  mutating func append(
    _ value: Double, companions: [Double] = [], at time: Int64, historySteps: Int, farStep: Int64?,
    trainer: ModelTrainer? = nil
  ) {
    coarseEnd = time
    if model != nil {
      guard let trainer else {
        model?.update(value, companions: companions)
        return
      }
      takeTraining()
      model?.observe(value, companions: companions)
      if training != nil {
        training?.since.append((value, companions))
      } else if gathering != nil {
        gathering?.series.values.append(value)
        for (index, value) in companions.enumerated() { gathering?.series.companions[index].append(value) }
        trainIfEnough(with: trainer)
      } else if let model, model.isTrainingDue {
        begin(PendingTraining(model), with: trainer)
      }
      return
    }
    if record != nil {
      waiting.append(value)
      return
    }
    if let farStep, time % farStep == 0 { farWaiting.append(value) }
    if waiting.isEmpty, !value.isFinite { return }
    waiting.append(value)
    if value.isFinite { finiteWaiting += 1 }
    if waiting.count > historySteps {
      if waiting[0].isFinite { finiteWaiting -= 1 }
      waiting.removeFirst()
    }
    if companionsWaiting.isEmpty { companionsWaiting = companions.map { _ in [] } }
    for (index, value) in companions.enumerated() {
      companionsWaiting[index].append(value)
      if companionsWaiting[index].count > waiting.count { companionsWaiting[index].removeFirst() }
    }
  }

  /// Whether the history has never been read.
  var wantsHistory: Bool { !hasHistory && model == nil && record == nil }

  /// Gives the whole history, to fit the model to; nil if there is none.
  ///
  /// - Parameters:
  ///   - companions: the histories of the signals beside it, with the same end.
  ///   - far: values on the model's far grid, the newest not after `end`.
  mutating func learn(_ history: [Double]?, companions: [[Double]] = [], far: [Double], through end: Int64) {
    hasHistory = true
    guard let history, model == nil else { return }
    waiting = history
    finiteWaiting = history.count { $0.isFinite }
    coarseEnd = end
    farWaiting = far
    if let first = waiting.firstIndex(where: \.isFinite) { waiting.removeFirst(first) } else { waiting = [] }
    companionsWaiting = companions.map { Array($0.suffix(waiting.count)) }
  }

  /// What the model is fitted to.
  private func history(step: Int64) -> ForecastSeries {
    ForecastSeries(
      values: waiting, step: step, start: coarseEnd - Int64(waiting.count - 1) * step,
      companions: companionsWaiting.map { [Double](repeating: .nan, count: waiting.count - $0.count) + $0 })
  }

  /// Takes in the value at an evaluation, on the finer grid.
  mutating func appendFine(_ value: Double, at time: Int64, interval: Int64) {
    guard model == nil else { return }
    let missing = fine.isEmpty ? 0 : min(Int64(Self.maximumFineValues), max(0, (time - fineEnd) / interval - 1))
    for _ in 0..<missing {
      fine.append(.nan)
      fineModel?.update(.nan)
    }
    fine.append(value)
    fineModel?.update(value)
    fineEnd = time
    if fine.count > Self.maximumFineValues { fine.removeFirst(fine.count - Self.maximumFineValues) }
  }

  // MARK: Training apart

  /// Begins to train what there is enough history for.
  private mutating func trainIfEnough(with trainer: ModelTrainer) {
    guard let (series, names) = gathering, valueCount >= ForecastModels.leastValues(names) else { return }
    gathering = nil
    begin(PendingTraining(names, on: series), with: trainer)
  }

  private mutating func begin(_ pending: PendingTraining, with trainer: ModelTrainer) {
    training = (pending, [])
    trainer.submit(pending)
  }

  /// Takes the model whose training has ended, and has it learn what came meanwhile.
  private mutating func takeTraining() {
    guard let (pending, since) = training, let result = pending.result else { return }
    training = nil
    switch result {
    case .success(let trained):
      var new = trained.model
      for (value, companions) in since { new.observe(value, companions: companions) }
      model = new
      importances = trained.importances
      trainingFailure = nil
      // The record of `auto` is not that of the model that takes its place.
      if isStandIn { ledger = SkillLedger(horizonCount: ledger.tallies.count) }
      isStandIn = false
    case .failure(let error):
      trainingFailure = error
    }
  }

  /// Makes the model ready that shall forecast now.
  ///
  /// - Parameters:
  ///   - calendar: local time and special days, for models that look at them.
  ///   - trainer: trains models that are slow to train; without one they are trained here.
  ///   - budget: whether there is time to learn a whole history.
  /// - Returns: the model, its step and the time of its newest value; nil if nothing is known or there is no time.
  mutating func ready(
    _ names: [String], step: Int64, interval: Int64, calendar: ForecastCalendar = ForecastCalendar(),
    trainer: ModelTrainer? = nil, budget: inout WorkBudget
  ) throws(ForecastError) -> (model: any ForecastModel, step: Int64, origin: Int64)? {
    takeTraining()
    let isApart = trainer != nil && names.contains(where: ForecastModels.isSlowToTrain)
    if let kept = record, let history = recordHistory {
      guard budget.allowsMore() else { return nil }
      var auto = AutoForecaster(kept, near: history.near, far: history.far)
      for value in waiting { auto.update(value) }
      model = auto
      record = nil
      recordHistory = nil
      waiting = []
    }
    if let kept = trained, coarseEnd > 0 {
      guard budget.allowsMore() else { return nil }
      model = try kept.model(knowing: waiting, companions: companionsWaiting, through: coarseEnd, step: step)
      importances = (try? model.map(PendingTraining.importances)) ?? []
      trained = nil
      forgetWaiting()
    }
    if model == nil, record == nil, trained == nil,
      finiteWaiting >= Self.enoughValues || (interval >= step && finiteWaiting > 0)
    {
      guard budget.allowsMore() else { return nil }
      var history = history(step: step)
      if names == [AutoForecaster.name], AutoForecaster.farRatio(step: step) != nil {
        var auto = AutoForecaster()
        auto.fit(history, far: farWaiting)
        model = auto
      } else if let trainer, isApart {
        var auto = AutoForecaster()
        auto.fit(history)
        model = auto
        isStandIn = true
        history.calendar = calendar
        gathering = (history, names)
        trainIfEnough(with: trainer)
      } else {
        if names != [AutoForecaster.name] { history.calendar = calendar }
        let fitted = try ModelContest.fitted(names, to: history)
        model = fitted
        importances = try PendingTraining.importances(of: fitted)
      }
      forgetWaiting()
    }
    if let model { return (model, step, coarseEnd) }
    guard fine.contains(where: \.isFinite) else { return nil }
    // A fit costs little here, and now and then shows habits that single updates do not.
    if fineModel == nil || fine.count >= 2 * fineFitted {
      fineFitted = fine.count
      let start = fineEnd - Int64(fine.count - 1) * interval
      let quick = isApart ? names.filter { !ForecastModels.isSlowToTrain($0) } : names
      fineModel = try ModelContest.fitted(
        quick.isEmpty ? [AutoForecaster.name] : quick,
        to: ForecastSeries(values: fine, step: interval, start: start))
    }
    return fineModel.map { ($0, interval, fineEnd) }
  }

  /// Lets go of what the model on the rule's step has learnt, and of the finer one.
  private mutating func forgetWaiting() {
    waiting = []
    companionsWaiting = []
    farWaiting = []
    finiteWaiting = 0
    fine = []
    fineModel = nil
  }
}

/// The forecast of one series at the horizons of its rule, and the points of its curve.
struct ForecastRows: Sendable {
  /// Row by row: all quantiles of the first horizon, then those of the second.
  var values: [Double]
  /// The times of the curve in UTC milliseconds.
  var curveTimes: [Int64]
  /// Row by row: all quantiles at the first time, then at the second.
  var curveValues: [Double]
}
