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
    /// Runners of groups that are no longer wanted, whose series must be ended.
    var retired: [RuleGroupRunner] = []
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
  ///   - report: is told when a rule begins to fail, and when it works again; not at every evaluation.
  public init(
    store: SeriesStore, engine: QueryEngine, registry: MetricRegistry, time: any TimeSource = SystemTime(),
    configuration: RuleManagerConfiguration = RuleManagerConfiguration(),
    report: @escaping @Sendable (RuleEvent) -> Void = { _ in }
  ) {
    context = RuleContext(
      store: store, engine: engine, registry: registry, time: time, configuration: configuration, report: report)
    (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
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
            runners.append(RuleGroupRunner(group, file: file.path, context: context))
            continue
          }
          let known = old.remove(at: index)
          runners.append(
            known.group.isSame(as: group)
              ? known : RuleGroupRunner(group, file: file.path, context: context, predecessor: known))
        }
      }
      state.runners = runners
      state.retired += old
    }
    changed.yield()
  }

  /// Evaluates the groups until the task is cancelled. Only one call may be under way.
  public func run() async throws {
    var iterator = changes.makeAsyncIterator()
    while !Task.isCancelled {
      await retireUnwanted()
      let runners = state.withLock { $0.runners }
      await withDiscardingTaskGroup { group in
        for runner in runners { group.addTask { await runner.run() } }
        // Ends with a reload, or when this task is cancelled.
        _ = await iterator.next()
        group.cancelAll()
      }
    }
    try Task.checkCancellation()
  }

  /// Evaluates every group once at `time` (UTC milliseconds), in the order of the files, for tests of rules and for
  /// replays. Must not be mixed with ``run()``.
  public func evaluateOnce(at time: Int64) async {
    await retireUnwanted()
    for runner in state.withLock({ $0.runners }) { await runner.evaluate(at: time) }
  }

  private func retireUnwanted() async {
    let retired = state.withLock { state in
      defer { state.retired = [] }
      return state.retired
    }
    for runner in retired { await runner.retire() }
  }

  /// The groups in the order of their files, with their rules and how they fare.
  public func groups() -> [RuleGroupStatus] {
    state.withLock { $0.runners }.map(\.status)
  }

  /// The alerts that are pending or firing, rule by rule in the order of the files.
  public func activeAlerts() -> [Alert] {
    groups().flatMap { group in group.rules.flatMap(\.alerts) }
  }
}
