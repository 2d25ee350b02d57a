import Exposition
import HTTPFetch
import HarecastTestKit
import Logging
import SeriesStore
import TimeSeries

@testable import Collection

/// A manager that scrapes loopback servers by a clock that a test moves.
final class ManagerHarness: Sendable {
  let store = SeriesStore()
  let time = ManualTime(1_000_000_000)
  let registry = MetricRegistry()
  let client = HTTPClient()
  let manager: ScrapeManager

  init(senses: (any TargetSenseProvider)? = nil) {
    var options = ScrapeOptions()
    options.filePollInterval = 20
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    logger.logLevel = .critical
    manager = ScrapeManager(
      store: store, client: client, time: time, registry: registry, logger: logger, senses: senses, options: options)
  }

  /// Runs the manager while `body` runs.
  func run(_ jobs: [ScrapeConfiguration], _ body: () async throws -> Void) async throws {
    manager.reload(jobs)
    let manager = manager
    let task = Task { try await manager.run() }
    do { try await body() } catch {
      task.cancel()
      throw error
    }
    task.cancel()
    try await task.value
    await client.shutdown()
  }

  /// Waits until `count` targets sleep, moves the clock to the next scrape, and waits until it is over.
  func scrapeOnce(targets count: Int = 1) async throws {
    try await time.waitForSleepers(count)
    guard let due = time.nextDeadline else { return }
    let before = scrapes
    time.advance(to: due)
    try await eventually("the scrape is over") { self.scrapes > before }
  }

  /// Finished scrapes, successful or not.
  var scrapes: Double { counter("harecast_scrapes_total") }

  /// The sum of a counter over all its series that have these labels.
  func counter(_ name: String, _ labels: [String: String] = [:]) -> Double {
    let family = registry.collect().first { $0.name == name }
    let points = family?.samples.filter { point in labels.allSatisfy { point.labels[$0.key] == $0.value } } ?? []
    return points.reduce(0) { $0 + $1.value }
  }

  /// The values of a series, oldest first, markers as nil.
  func values(_ name: String) -> [Double?] {
    let matcher = LabelMatcher("__name__", equals: name)
    return ((try? store.select([matcher], from: 0, through: .max / 2)) ?? []).flatMap(\.values).map {
      $0.isStaleMarker ? nil : $0
    }
  }

  /// A job of one server with an interval of 10 s.
  static func job(_ server: StaticHTTPServer, name: String = "j") -> ScrapeConfiguration {
    var job = ScrapeConfiguration(jobName: name, scrapeInterval: 10_000, scrapeTimeout: 2000)
    job.staticGroups = [TargetGroup(targets: ["127.0.0.1:\(server.port)"])]
    return job
  }
}
