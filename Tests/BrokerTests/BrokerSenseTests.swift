import Exposition
import Logging
import Testing
import TimeSeries

@testable import Broker
@testable import Collection

@Suite("BrokerSense")
struct BrokerSenseTests {
  private let registry = MetricRegistry()

  private func sense(_ path: String, families: [String] = []) -> BrokerSense {
    BrokerSense(
      path: path, families: families, interval: 15_000, job: "j", instance: "i:1", registry: registry,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func identify(_ sense: BrokerSense, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { sense.identify($0) }
  }

  private func value(_ name: String) -> Double? {
    registry.collect().first { $0.name == name }?.samples.first?.value
  }

  @Test("passes everything through until RabbitMQ has said who it is")
  func unknown() {
    let sense = sense("/metrics")
    let labels = Labels(name: "erlang_vm_atom_count")
    #expect(!identify(sense, Array("erlang_vm_atom_count 1\n".utf8)))
    #expect(sense.expand(labels) == [labels])
  }

  @Test("changes the labels with the identity, once")
  func identity() throws {
    let sense = sense("/metrics")
    let document = try Fixture.bytes("n1.metrics.txt")
    #expect(identify(sense, document))
    #expect(!identify(sense, document))
    let node: KeyValuePairs = ["rabbitmq_node": "rabbit1@localhost", "rabbitmq_cluster": "harecast-c1"]
    #expect(sense.expand(Labels(name: "rabbitmq_connections")) == [Labels(name: "rabbitmq_connections", node)])
    #expect(
      sense.expand(Labels(name: "erlang_vm_atom_count"))
        == [Labels(name: "erlang_vm_atom_count", node), Labels(name: "erlang_vm_atoms", node)])
    // Another node behind the same address, as after a pod has moved.
    #expect(identify(sense, try Fixture.bytes("436.metrics.txt")))
    #expect(sense.expand(Labels(name: "m")).first?["rabbitmq_node"] == "hc436@localhost")
    // A document without an identity leaves the last one in force.
    #expect(!identify(sense, Array("m 1\n".utf8)))
    #expect(sense.identity?.node == "hc436@localhost")
  }

  @Test("never holds back the node's own totals")
  func ungoverned() {
    let sense = sense("/metrics")
    for _ in 0..<10 { sense.observe(.init(duration: 60_000, excess: .time)) }
    #expect(sense.decide() == .scrape(families: nil))
    #expect(value("harecast_scrape_governor_level") == nil)
  }

  @Test("holds back per-object documents, and says so", arguments: ["/metrics/detailed", "/prefix/metrics/detailed/"])
  func governed(path: String) {
    let sense = sense(path, families: ["queue_metrics", "queue_coarse_metrics"])
    #expect(value("harecast_scrape_governor_level") == 0)
    sense.observe(.init(duration: 10_000, excess: .time))
    #expect(sense.decide() == .scrape(families: ["queue_coarse_metrics"]))
    #expect(value("harecast_scrape_governor_level") == 1)
    #expect(value("harecast_scrape_governor_narrowed") == 1)
    sense.observe(.init(duration: 10_000, excess: .time))
    #expect(sense.decide() == .scrape(families: ["queue_coarse_metrics"]))
    #expect(sense.decide() == .skip)
    #expect(value("harecast_scrape_governor_skipped_total") == 1)
  }

  @Test("leaves out scrapes of the per-object endpoint, which cannot be narrowed")
  func perObject() {
    let sense = sense("/metrics/per-object")
    sense.observe(.init(duration: 100, bodyBytes: 22_150_862))
    #expect(sense.decide() == .scrape(families: nil))
    #expect(sense.decide() == .skip)
    #expect(value("harecast_scrape_governor_narrowed") == 0)
  }

  @Test("speaks the scrape loop's language")
  func adapter() throws {
    let provider = BrokerSenseProvider(registry: registry, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var job = try #require(BrokerScrapeDefaults.jobs(targets: ["h:15692"]).first { $0.jobName == "rabbitmq-detailed" })
    job.parameters = [
      QueryParameter("family", "queue_metrics"), QueryParameter("vhost", "shop"),
      QueryParameter("family", "queue_coarse_metrics"),
    ]
    let discovered = Labels(["__address__": "h:15692"])
    let target = try #require(try ScrapeTarget(discovered: discovered, job: job))
    let sense = try #require(provider.sense(for: target, of: job))
    #expect(sense.parameters(configured: target.parameters, at: 0) == target.parameters)
    sense.didScrape(ScrapeOutcome(timestamp: 0, duration: 10, error: ScrapeError(code: "timeout", "timed out")))
    #expect(
      sense.parameters(configured: target.parameters, at: 15_000) == [
        QueryParameter("family", "queue_coarse_metrics"), QueryParameter("vhost", "shop"),
      ])
    sense.didScrape(ScrapeOutcome(timestamp: 0, duration: 4))
    sense.didScrape(ScrapeOutcome(timestamp: 0, duration: 4))
    _ = sense.parameters(configured: target.parameters, at: 30_000)
    #expect(sense.parameters(configured: target.parameters, at: 45_000) == nil)
    let document = try Fixture.bytes("n1.metrics.txt")
    #expect(document.withUnsafeBytes { sense.willParse($0) })
    #expect(sense.expand(Labels(name: "m")).first?["rabbitmq_node"] == "rabbit1@localhost")
  }
}
