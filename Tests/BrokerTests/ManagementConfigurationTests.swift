import Collection
import StrictYAML
import Testing

@testable import Broker

@Suite("The block management")
struct ManagementConfigurationTests {
  private func read(_ text: String) throws -> ManagementConfiguration {
    try ManagementConfiguration(yaml: try YAMLDocument.parse(text, file: "harecast.yml"), folder: "/etc/harecast")
  }

  @Test("has defaults for everything but the address")
  func defaults() throws {
    let configuration = try read("url: http://rabbitmq:15672/")
    #expect(configuration.url == "http://rabbitmq:15672")
    #expect(configuration.access.basicUsername == nil)
    #expect(configuration.interval == 60_000)
    #expect(configuration.timeout == 5000)
  }

  @Test("reads all keys")
  func all() throws {
    let configuration = try read(
      """
      url: https://rabbitmq/prefix
      username: harecast
      password_file: secrets/password
      interval: 2m
      timeout: 3s
      tls_config:
        ca_file: ca.pem
      """)
    #expect(configuration.url == "https://rabbitmq/prefix")
    #expect(configuration.access.basicUsername == Secret("harecast"))
    #expect(configuration.access.basicPassword == Secret(file: "/etc/harecast/secrets/password"))
    #expect(configuration.access.tls.authority == .file("/etc/harecast/ca.pem"))
    #expect(configuration.interval == 120_000)
    #expect(configuration.timeout == 3000)
    #expect(!"\(configuration)".contains("secrets"))
  }

  @Test(
    "says place and reason of what cannot be",
    arguments: [
      ("username: a", "harecast.yml:1:1: management needs the key \"url\""),
      ("url: rabbitmq:15672", "harecast.yml:1:1: url: \"rabbitmq:15672\" does not begin with http:// or https://"),
      (
        "url: http://guest:guest@rabbitmq",
        "harecast.yml:1:1: url: put the user into username and password_file, not into the address"
      ),
      (
        "url: http://r/api",
        "harecast.yml:1:1: url: give the address before /api, for instance http://rabbitmq:15672"
      ),
      (
        "url: http://r\ninterval: 5m",
        "harecast.yml:2:1: interval must be from 1s to 4m, or what is polled would go stale"
      ),
      ("url: http://r\ntimeout: 2m", "harecast.yml:2:1: timeout must be over 0 and at most the interval"),
      ("url: http://r\npassword: x", "harecast.yml:1:1: management has a password but no username"),
      (
        "url: http://r\nusername: a\npassword: x\npassword_file: y",
        "harecast.yml:4:1: at most one of password and password_file may be given"
      ),
      (
        "url: http://r\nusernam: a",
        "harecast.yml:2:1: unknown key \"usernam\" in management; did you mean \"username\"?"
      ),
    ])
  func refuses(text: String, message: String) {
    let error = #expect(throws: YAMLError.self) { try read(text) }
    #expect(error?.description == message)
  }
}

@Suite("BrokerScrapeDefaults")
struct BrokerScrapeDefaultsTests {
  @Test("scrapes totals, queues and memory of each node")
  func jobs() throws {
    let jobs = BrokerScrapeDefaults.jobs(targets: ["a:15692", "b:15692"])
    #expect(jobs.map(\.metricsPath) == ["/metrics", "/metrics/detailed", "/metrics/memory-breakdown"])
    #expect(jobs.map(\.scrapeInterval) == [15_000, 15_000, 60_000])
    #expect(jobs.map(\.staticGroups) == Array(repeating: [TargetGroup(targets: ["a:15692", "b:15692"])], count: 3))
    #expect(Set(jobs.map(\.jobName)).count == 3)
    #expect(jobs.allSatisfy { $0.scrapeTimeout <= $0.scrapeInterval && $0.scheme == "http" })
    #expect(BrokerScrapeDefaults.jobs(targets: ["a:15691"], scheme: "https").allSatisfy { $0.scheme == "https" })
    #expect(
      BrokerScrapeDefaults.jobs(targets: [], interval: 120_000).map(\.scrapeInterval) == [120_000, 120_000, 120_000])
  }

  @Test("asks for families that a broker has")
  func families() throws {
    let metrics = [
      "queue_coarse_metrics": "rabbitmq_detailed_queue_messages_ready",
      "queue_consumer_count": "rabbitmq_detailed_queue_consumers",
      "queue_delivery_metrics": "rabbitmq_detailed_queue_messages_acked_total",
      "queue_exchange_metrics": "rabbitmq_detailed_queue_exchange_messages_published_total",
    ]
    #expect(Set(metrics.keys) == Set(BrokerScrapeDefaults.families))
    let known = try Fixture.metricTypes("436", "metrics_detailed")
    for metric in metrics.values { #expect(known[metric] != nil, "\(metric)") }
  }
}
