import Exposition
import HTTPFetch
import Logging
import Synchronization
import TimeSeries

/// Where fetched history goes, and where it is kept what was fetched.
public struct BackfillDestination: Sendable {
  /// Takes samples of one series, ascending in time, where the series has none; gives back how many were taken. What
  /// it has returned from is done and will not be asked for again.
  public var append:
    @Sendable (_ labels: Labels, _ timestamps: [Int64], _ values: [Double], _ now: Int64) async throws -> Int
  /// Keeps bytes under a key over restarts.
  public var saveState: @Sendable (_ bytes: [UInt8], _ key: String) throws -> Void
  /// The bytes kept under a key.
  public var state: @Sendable (_ key: String) throws -> [UInt8]?

  public init(
    append: @escaping @Sendable (Labels, [Int64], [Double], Int64) async throws -> Int,
    saveState: @escaping @Sendable ([UInt8], String) throws -> Void = { _, _ in },
    state: @escaping @Sendable (String) throws -> [UInt8]? = { _ in nil }
  ) {
    self.append = append
    self.saveState = saveState
    self.state = state
  }
}

/// How far fetching history has come.
public struct BackfillProgress: Sendable, Equatable {
  /// The part of the missing history that needs no asking any more, from 0 to 1.
  public var fraction = 0.0
  /// Series met so far.
  public var series = 0
  /// Samples that the store has taken.
  public var samples = 0
  /// About how long the rest will take at the present pace; nil while that cannot be told.
  public var secondsLeft: Double?
  /// Why sources or queries were given up, one line each.
  public var failures: [String] = []
  /// Whether nothing more will come.
  public var isFinished = false
  /// The sources that do not answer at present and are asked again and again.
  public var silentSources: [String] = []
  /// Whether nothing more will come from those that answer.
  public var isSettled = false
}

/// Fetches the recent past from other servers, so that models need not wait for days until they know it.
///
/// The newest history comes first. What was fetched is remembered: a restart goes on where the last run stopped and
/// fills the time in which this server did not run. Memory is bounded by 32 MiB for each request under way.
public final class Backfill: Sendable {
  private let runs: [BackfillSourceRun]
  private let states: Mutex<[BackfillProgress]>

  /// - Parameters:
  ///   - metricNames: what is fetched from sources without `match`.
  ///   - identity: what a domain adds to fetched series, if it does.
  ///   - destination: takes the samples.
  ///   - client: speaks to the sources.
  ///   - time: when it is.
  ///   - registry: takes the metrics `harecast_backfill_*`.
  public init(
    _ sources: [BackfillConfiguration], metricNames: [String], identity: BackfillIdentity? = nil,
    destination: BackfillDestination, client: HTTPClient, time: any TimeSource = SystemTime(), registry: MetricRegistry,
    logger: Logger
  ) {
    runs = sources.map { source in
      var logger = logger
      logger[metadataKey: "source"] = "\(source.url)"
      return BackfillSourceRun(
        configuration: source, metricNames: metricNames, identity: identity, destination: destination,
        client: client, time: time, metrics: BackfillMetrics(registry, source: source.url), log: logger)
    }
    states = Mutex(sources.map { _ in BackfillProgress() })
  }

  /// How far all sources together have come.
  public var progress: BackfillProgress {
    let states = states.withLock { $0 }
    var whole = BackfillProgress()
    whole.isFinished = states.allSatisfy(\.isFinished)
    whole.isSettled = states.allSatisfy(\.isSettled)
    whole.silentSources = states.flatMap(\.silentSources)
    whole.fraction = states.isEmpty ? 1 : states.reduce(0) { $0 + $1.fraction } / Double(states.count)
    whole.series = states.reduce(0) { $0 + $1.series }
    whole.samples = states.reduce(0) { $0 + $1.samples }
    whole.failures = states.flatMap(\.failures)
    let known = states.filter { !$0.isFinished }.map(\.secondsLeft)
    if !known.contains(nil) { whole.secondsLeft = known.compactMap(\.self).max() ?? 0 }
    return whole
  }

  /// Whether all that can be fetched was fetched, so that models may learn from it.
  public var isFinished: Bool { states.withLock { $0.allSatisfy(\.isFinished) } }

  /// Fetches history, and then notes from time to time that this server is running, until the task is cancelled.
  ///
  /// - Throws: `CancellationError`.
  public func run() async throws {
    await withDiscardingTaskGroup { group in
      for (index, run) in runs.enumerated() {
        group.addTask { await run.run { progress in self.states.withLock { $0[index] = progress } } }
      }
    }
    // Without sources there is nothing to do, but a service lasts as long as its server.
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    throw CancellationError()
  }
}
