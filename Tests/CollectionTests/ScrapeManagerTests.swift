import Exposition
import Glibc
import HTTPFetch
import HarecastTestKit
import SeriesStore
import Testing
import TimeSeries

@testable import Collection

@Suite("The scrape manager", .timeLimit(.minutes(1)))
struct ScrapeManagerTests {
  let harness = ManagerHarness()

  @Test("a target is scraped every interval, and its values and health are in the store")
  func scrapes() async throws {
    let server = try StaticHTTPServer(["/metrics": .text("# HELP a Help.\n# TYPE a gauge\na 1\n")])
    try await harness.run([ManagerHarness.job(server)]) {
      try await harness.scrapeOnce()
      server.setHandler { _ in .text("a 2\n") }
      try await harness.scrapeOnce()
    }
    #expect(harness.values("a") == [1, 2])
    #expect(harness.values("up") == [1, 1])
    #expect(harness.values("scrape_samples_scraped") == [1, 1])
    #expect(harness.values("scrape_series_added") == [1, 0])
    let times = try harness.store.select([LabelMatcher("__name__", equals: "a")], from: 0, through: .max / 2)[0]
      .timestamps
    #expect(times[1] - times[0] == 10_000)
    #expect(harness.store.metadata()["a"]?.type == .gauge)
    let request = try #require(server.requests.first)
    #expect(request.headers["accept"] == ExpositionFormat.acceptHeader)
    #expect(request.headers["accept-encoding"] == "gzip")
    #expect(request.headers["x-prometheus-scrape-timeout-seconds"] == "2.0")
    #expect(harness.counter("harecast_scrapes_total", ["job": "j", "outcome": "success"]) == 2)
  }

  @Test("the death of a target ends its series and shows in up and in the status; its return does too")
  func death() async throws {
    let server = try StaticHTTPServer(["/metrics": .text("a 1\n")])
    try await harness.run([ManagerHarness.job(server)]) {
      try await harness.scrapeOnce()
      #expect(harness.manager.targets().first?.health == .up)
      server.setHandler { _ in .init(status: 503) }
      try await harness.scrapeOnce()
      try await eventually { harness.manager.targets().first?.health == .down }
      #expect(harness.manager.targets().first?.lastError == "server returned HTTP status 503")
      server.setHandler { _ in .text("a 3\n") }
      try await harness.scrapeOnce()
      try await eventually { harness.manager.targets().first?.health == .up }
      server.stop()
      try await harness.scrapeOnce()
    }
    #expect(harness.values("a") == [1, nil, 3, nil])
    #expect(harness.values("up") == [1, 0, 1, 0])
    #expect(harness.counter("harecast_scrape_errors_total", ["reason": "status"]) == 1)
    #expect(harness.counter("harecast_scrape_errors_total") == 2)
  }

  @Test("a reload keeps unchanged targets running, ends removed ones and starts new ones")
  func reload() async throws {
    let kept = try StaticHTTPServer(["/metrics": .text("kept 1\n")])
    let removed = try StaticHTTPServer(["/metrics": .text("removed 1\n")])
    let added = try StaticHTTPServer(["/metrics": .text("added 1\n")])
    let first = [ManagerHarness.job(kept, name: "a"), ManagerHarness.job(removed, name: "b")]
    try await harness.run(first) {
      try await harness.time.waitForSleepers(2)
      harness.time.advance(by: 10_000)
      try await eventually { harness.scrapes == 2 }
      harness.manager.reload([ManagerHarness.job(kept, name: "a"), ManagerHarness.job(added, name: "c")])
      try await eventually { harness.manager.targets().map(\.job) == ["a", "c"] }
      try await harness.time.waitForSleepers(2)
      harness.time.advance(by: 10_000)
      try await eventually { harness.scrapes == 4 }
    }
    #expect(harness.values("kept") == [1, 1])
    #expect(harness.values("removed") == [1, nil])
    #expect(harness.values("added") == [1])
    #expect(harness.counter("harecast_scrape_targets", ["job": "b"]) == 0)
  }

  @Test("changed settings of a job apply to a running target, whose series go on")
  func changedSettings() async throws {
    let server = try StaticHTTPServer(["/metrics": .text("a 1\nb 1\n")])
    var job = ManagerHarness.job(server)
    try await harness.run([job]) {
      try await harness.scrapeOnce()
      job.metricRelabelRules = [try RelabelRule(action: .drop, sourceLabels: ["__name__"], regex: "b")]
      job.scrapeInterval = 20_000
      harness.manager.reload([job])
      try await eventually { harness.manager.targets().first?.interval == 20_000 }
      try await harness.scrapeOnce()
      try await harness.scrapeOnce()
    }
    #expect(harness.values("a") == [1, 1, 1])
    #expect(harness.values("b") == [1, nil])
  }

  @Test("targets of a file come and go with the file")
  func fileDiscovery() async throws {
    let server = try StaticHTTPServer(["/metrics": .text("a 1\n")])
    let folder = try TemporaryFolder()
    var job = ScrapeConfiguration(jobName: "files", scrapeInterval: 10_000, scrapeTimeout: 2000)
    job.fileDiscoveries = [FileDiscoveryConfiguration(files: ["\(folder.path)/*.json"])]
    try await harness.run([job]) {
      try folder.write(#"[{"targets": ["127.0.0.1:\#(server.port)"], "labels": {"rack": "r1"}}]"#, to: "t.json")
      try await eventually { harness.manager.targets().first?.labels["rack"] == "r1" }
      try await harness.scrapeOnce()
      try folder.write("[]", to: "t.json")
      try await eventually { harness.manager.targets().isEmpty }
    }
    #expect(harness.values("a") == [1, nil])
    #expect(harness.values("up") == [1, nil])
  }

  @Test("targets that relabelling drops are listed, and those over the target limit all fail")
  func droppedAndLimited() async throws {
    let server = try StaticHTTPServer(["/metrics": .text("a 1\n")])
    var job = ManagerHarness.job(server)
    job.staticGroups.append(TargetGroup(targets: ["dropped:1"]))
    job.relabelRules = [try RelabelRule(action: .drop, sourceLabels: ["__address__"], regex: "dropped:.*")]
    try await harness.run([job]) {
      try await eventually { harness.manager.droppedTargets()["j"]?.count == 1 }
      job.relabelRules = []
      job.limits.targets = 1
      harness.manager.reload([job])
      try await eventually { harness.manager.targets().count == 2 }
      try await harness.time.waitForSleepers(2)
      harness.time.advance(by: 10_000)
      try await eventually { harness.counter("harecast_scrape_errors_total", ["reason": "target_limit"]) == 2 }
    }
    #expect(server.requests.isEmpty)
  }

  @Test("a sense changes the query, skips scrapes and hears their outcomes")
  func sense() async throws {
    struct Provider: TargetSenseProvider {
      let sense = RenamingSense()
      func sense(for target: ScrapeTarget, of job: ScrapeConfiguration) -> (any TargetSense)? { sense }
    }
    let provider = Provider()
    let harness = ManagerHarness(senses: provider)
    let server = try StaticHTTPServer(["/metrics": .text("a 1\n")])
    var job = ManagerHarness.job(server)
    job.scrapeInterval = 1001
    job.scrapeTimeout = 1001
    // Odd and even times take turns.
    try await harness.run([job]) {
      for _ in 0..<4 { try await harness.scrapeOnce() }
    }
    #expect(harness.counter("harecast_scrapes_total", ["outcome": "skipped"]) == 2)
    #expect(server.requests.map(\.target) == ["/metrics?extra=1", "/metrics?extra=1"])
    #expect(provider.sense.outcomes.map(\.samples) == [1, 1])
    #expect(harness.values("a_x") == [1, 1])
  }

  @Test("secrets are read at each scrape; one that cannot be read fails the scrape and is named, not shown")
  func rotatingSecret() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(" one\n", to: "token")
    let server = try StaticHTTPServer(["/metrics": .text("a 1\n")])
    var job = ManagerHarness.job(server)
    job.access.credentials = Secret(file: file)
    try await harness.run([job]) {
      try await harness.scrapeOnce()
      try folder.write("two", to: "token")
      try await harness.scrapeOnce()
      unlink(file)
      try await harness.scrapeOnce()
      try await eventually {
        harness.manager.targets().first?.lastError == "\(file): No such file or directory"
      }
    }
    #expect(server.requests.map { $0.headers["authorization"] } == ["Bearer one", "Bearer two"])
  }
}
