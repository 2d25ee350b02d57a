import Exposition
import HTTPFetch
import Logging
import SeriesStore
import Synchronization
import TimeSeries

/// Discovers targets and scrapes them, each in a child task of ``run()``.
public final class ScrapeManager: Sendable {
  let store: SeriesStore
  let client: HTTPClient
  let time: any TimeSource
  let registry: MetricRegistry
  let logger: Logger
  let senses: (any TargetSenseProvider)?
  let options: ScrapeOptions
  private let commands: AsyncStream<ScrapeCommand>
  private let commandSink: AsyncStream<ScrapeCommand>.Continuation
  private let board = Mutex(Board())

  private struct Board {
    var statuses: [ObjectIdentifier: TargetStatus] = [:]
    var dropped: [String: [Labels]] = [:]
  }

  /// Makes a manager without jobs; see ``reload(_:)``.
  public init(
    store: SeriesStore, client: HTTPClient, time: any TimeSource, registry: MetricRegistry, logger: Logger,
    senses: (any TargetSenseProvider)? = nil, options: ScrapeOptions = ScrapeOptions()
  ) {
    self.store = store
    self.client = client
    self.time = time
    self.registry = registry
    self.logger = logger
    self.senses = senses
    self.options = options
    (commands, commandSink) = AsyncStream.makeStream()
  }

  /// Goes over to other jobs. A target that is the same before and after keeps its series and its place in time; one
  /// that is gone gets staleness markers. It can be called before and during ``run()``.
  public func reload(_ configurations: [ScrapeConfiguration]) {
    commandSink.yield(.reload(configurations))
  }

  /// Scrapes until the task is cancelled. It can be called once.
  public func run() async throws {
    await withDiscardingTaskGroup { group in
      var jobs = JobTable(manager: self)
      for await command in commands {
        for task in jobs.handle(command) { group.addTask { await task.run() } }
      }
      group.cancelAll()
    }
  }

  /// The state of all targets that are being scraped, sorted by job and labels.
  public func targets() -> [TargetStatus] {
    board.withLock { Array($0.statuses.values) }.sorted {
      $0.job == $1.job ? $0.labels < $1.labels : $0.job < $1.job
    }
  }

  /// The discovered labels of targets that relabelling dropped, by job; at most 1,000 of each.
  public func droppedTargets() -> [String: [Labels]] { board.withLock { $0.dropped } }

  func discovered(_ discovery: Discovery, _ groups: [DiscoveredGroup]) {
    commandSink.yield(.discovered(discovery, groups))
  }

  func show(_ status: TargetStatus?, of handle: TargetHandle) {
    board.withLock { $0.statuses[ObjectIdentifier(handle)] = status }
  }

  func showDropped(_ labels: [Labels]?, of job: String) {
    board.withLock { $0.dropped[job] = labels }
  }
}

/// Settings of a ``ScrapeManager``.
public struct ScrapeOptions: Sendable {
  /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are stored too.
  public var storesExtraMetrics = false
  /// Real milliseconds between two looks at the files of a file discovery.
  public var filePollInterval: Int64 = 5000

  public init() {}
}

/// What the control loop of a ``ScrapeManager`` is told.
enum ScrapeCommand: Sendable {
  case reload([ScrapeConfiguration])
  case discovered(Discovery, [DiscoveredGroup])
}

/// A task of a ``ScrapeManager``: the scraping of a target or a discovery.
protocol ScrapeTask: Sendable {
  func run() async
}
