import Exposition
import PromQL
import SeriesStore
import Synchronization
import TimeSeries

/// Evaluates rule files on schedule and writes what they give into the store.
///
/// Each group runs in its own task; the rules of a group run one after the other at one timestamp. The results are
/// recorded series, `ALERTS`, and the status that an API shows.
public final class RuleManager: Sendable {
  private struct State {
    var runners: [RuleGroupRunner] = []
    /// Runners of groups that are no longer wanted, and when their series are to end, in UTC milliseconds.
    var retired: [(runner: RuleGroupRunner, end: Int64)] = []
    /// Whether the first rules have been given.
    var hasRules = false
  }

  private let context: RuleContext
  private let state = Mutex(State())
  private let changes: AsyncStream<Void>
  private let changed: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - store: where rules read and write.
  ///   - engine: evaluates the expressions.
  ///   - registry: takes Harecast's own metrics about rules.
  ///   - time: when it is.
  ///   - keeper: keeps alerts and models for the next process; without it, a restart begins anew.
  ///   - notify: is told of alerts to be sent, after the evaluation of each rule that has any. Pending ones never are;
  ///     one that fires is told again every `resendDelay`, one that has ended for 15 minutes. It must not block.
  ///   - report: is told when a rule begins to fail, and when it works again; not at every evaluation.
  public init(
    store: SeriesStore, engine: QueryEngine, registry: MetricRegistry, time: any TimeSource = SystemTime(),
    configuration: RuleManagerConfiguration = RuleManagerConfiguration(), keeper: (any StateKeeper)? = nil,
    notify: (@Sendable ([AlertNotification]) -> Void)? = nil,
    report: @escaping @Sendable (RuleEvent) -> Void = { _ in }
  ) {
    context = RuleContext(
      store: store, engine: engine, registry: registry, time: time, configuration: configuration, keeper: keeper,
      notify: notify, trainer: ModelTrainer(share: configuration.trainingShare, registry: registry),
      learnsEverything: false, report: report)
    (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// How many rules have models that an earlier process kept; 0 if nothing is kept or it cannot be read.
  public var keptModels: Int {
    ((try? context.keeper?.stateKeys(prefix: RuleGroupRunner.modelPrefix)) ?? nil)?.count ?? 0
  }

  /// Replaces all rules.
  ///
  /// Groups that are the same in file, name and content go on as if nothing had happened. In a changed group, rules
  /// that are the same keep their models, and alerting rules their alerts. The series of rules that are gone end.
  ///
  /// Parse all files first: what cannot be parsed never gets here, so that a reload is all or nothing.
  public func reload(_ files: [RuleFile]) {
    state.withLock { state in
      var old = state.runners
      var runners: [RuleGroupRunner] = []
      for file in files {
        for group in file.groups {
          guard let index = old.firstIndex(where: { $0.file == file.path && $0.group.name == group.name }) else {
            runners.append(
              RuleGroupRunner(group, file: file.path, context: context, isRestart: !state.hasRules))
            continue
          }
          let known = old.remove(at: index)
          runners.append(
            known.group.isSame(as: group)
              ? known : RuleGroupRunner(group, file: file.path, context: context, predecessor: known))
        }
      }
      state.runners = runners
      state.hasRules = true
      // A group that has only got another name has taken its series over by then.
      let now = context.time.now()
      state.retired += old.map { ($0, now + 2 * $0.interval) }
    }
    changed.yield()
  }

  /// Evaluates the groups until the task is cancelled. Only one call may be under way.
  public func run() async throws {
    forgetOrphans()
    await withDiscardingTaskGroup { group in
      // A reload does not break off a training: the models of rules that stay are still waited for.
      group.addTask { [context] in await context.trainer?.run() }
      await evaluateUntilCancelled()
      group.cancelAll()
    }
    try Task.checkCancellation()
  }

  private func evaluateUntilCancelled() async {
    var iterator = changes.makeAsyncIterator()
    while !Task.isCancelled {
      let (runners, retired) = state.withLock { ($0.runners, $0.retired) }
      for (runner, _) in retired { await runner.stop() }
      await withDiscardingTaskGroup { group in
        for runner in runners { group.addTask { await runner.run() } }
        for (runner, end) in retired { group.addTask { await self.retire(runner, at: end) } }
        // Ends with a reload, or when this task is cancelled.
        _ = await iterator.next()
        group.cancelAll()
      }
    }
  }

  /// Trains the models that wait for it now, for tests; must not be mixed with ``run()``.
  func trainWaitingModels() async { await context.trainer?.drain() }

  /// Evaluates every group once at `time` (UTC milliseconds), in the order of the files, for tests of rules and for
  /// replays. Must not be mixed with ``run()``.
  public func evaluateOnce(at time: Int64) async {
    let retired = state.withLock { state in
      defer { state.retired = [] }
      return state.retired
    }
    for (runner, _) in retired {
      await runner.stop()
      await runner.endSeries()
    }
    for runner in state.withLock({ $0.runners }) { await runner.evaluate(at: time) }
  }

  /// Has all models learn their histories anew at their next evaluation: the store has got a past that they did not see.
  public func relearn() async {
    for runner in state.withLock({ $0.runners }) { await runner.relearn() }
  }

  /// Keeps alerts and models for the next process; to be called at the end, after ``run()``.
  public func save() async {
    for runner in state.withLock({ $0.runners }) { await runner.save() }
  }

  /// Forgets what was kept of rules that are no longer there.
  private func forgetOrphans() {
    guard let keeper = context.keeper, state.withLock({ $0.hasRules }) else { return }
    let wanted = Set(state.withLock { $0.runners }.flatMap(\.stateKeys))
    do {
      for key in try keeper.stateKeys(prefix: RuleGroupRunner.statePrefix) where !wanted.contains(key) {
        try keeper.removeState(forKey: key)
      }
    } catch {
      context.report(RuleEvent(file: "", group: "", rule: "", error: "old state could not be removed: \(error)"))
    }
  }

  /// Ends the series of a group that is no longer wanted, when their time has come.
  private func retire(_ runner: RuleGroupRunner, at end: Int64) async {
    do {
      try await context.time.sleep(until: end)
    } catch {
      return
    }
    await runner.endSeries()
    state.withLock { $0.retired.removeAll { $0.runner === runner } }
  }

  /// The groups in the order of their files, with their rules and how they fare.
  public func groups() -> [RuleGroupStatus] {
    state.withLock { $0.runners }.map(\.status)
  }

  func currentRunners() -> [RuleGroupRunner] { state.withLock { $0.runners } }

  /// The alerts that are pending or firing, rule by rule in the order of the files.
  public func activeAlerts() -> [Alert] {
    groups().flatMap { group in group.rules.flatMap(\.alerts) }
  }
}
