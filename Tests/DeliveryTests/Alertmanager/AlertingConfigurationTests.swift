import Collection
import StrictYAML
import Testing
import TimeSeries

@testable import Delivery

@Suite("The alerting section is Prometheus's")
struct AlertingConfigurationTests {
  private func read(_ text: String) throws -> AlertingConfiguration {
    try AlertingConfiguration(YAMLDocument.parse(text, file: "h.yml"), directory: "/etc/h")
  }

  private func fault(_ text: String) -> String {
    do {
      _ = try read(text)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test func `every key of Prometheus's example is read`() throws {
    let configuration = try read(
      """
      alert_relabel_configs:
        - { action: labeldrop, regex: replica }
      alertmanagers:
        - scheme: HTTPS
          path_prefix: /am/
          timeout: 3s
          api_version: v2
          basic_auth: { username: u, password_file: secret }
          tls_config: { insecure_skip_verify: true }
          follow_redirects: false
          static_configs: [{ targets: ["a:9093", "b:9093"], labels: { zone: z } }]
          file_sd_configs: [{ files: [am/*.yml] }]
          dns_sd_configs: [{ names: [_am._tcp.example.org] }]
          relabel_configs: [{ source_labels: [zone], action: keep, regex: z }]
          alert_relabel_configs: [{ target_label: from, replacement: h }]
        - static_configs: [{ targets: ["c:9093"] }]
      """)
    #expect(configuration.relabelRules.count == 1)
    let first = try #require(configuration.alertmanagers.first)
    #expect(first.scheme == "https")
    #expect(first.timeout == 3000)
    #expect(first.access.basicPassword == Secret(file: "/etc/h/secret"))
    #expect(first.access.tls.isVerificationOff)
    #expect(!first.access.followsRedirects)
    #expect(first.sources.staticGroups == [TargetGroup(targets: ["a:9093", "b:9093"], labels: [Label("zone", "z")])])
    #expect(first.sources.fileDiscoveries == [FileDiscoveryConfiguration(files: ["/etc/h/am/*.yml"])])
    #expect(first.sources.dnsDiscoveries == [DNSDiscoveryConfiguration(names: ["_am._tcp.example.org"])])
    #expect(first.relabelRules.count == 1 && first.alertRelabelRules.count == 1)
    let second = configuration.alertmanagers[1]
    #expect(second.scheme == "http" && second.timeout == 10_000 && second.pathPrefix.isEmpty)
  }

  @Test(arguments: [
    ("alertmanager: []", "h.yml:1:1: unknown key \"alertmanager\" in alerting; did you mean \"alertmanagers\"?"),
    (
      "alertmanagers:\n  - api_version: v1",
      "h.yml:2:5: expected Alertmanager api version to be one of [v2] but got v1: Alertmanager 0.27 and later have no v1"
    ),
    (
      "alertmanagers:\n  - api_version: v3", "h.yml:2:5: expected Alertmanager api version to be one of [v2] but got v3"
    ),
    ("alertmanagers: [{scheme: ftp}]", "h.yml:1:18: scheme must be http or https"),
    ("alertmanagers: [{timeout: 0s}]", "h.yml:1:18: timeout must be longer than zero"),
    (
      "alertmanagers: [{static_configs: [{targets: ['http://a:9093']}]}]",
      "h.yml:1:36: \"http://a:9093\" is not a valid host and port: it holds a slash"
    ),
    (
      "alert_relabel_configs: [{action: replac}]",
      "h.yml:1:26: unknown relabelling action \"replac\"; did you mean \"replace\"?"
    ),
    (
      "alertmanagers: [{consul_sd_configs: [{server: x}]}]",
      "h.yml:1:18: \"consul_sd_configs\" is not supported: discover targets with file_sd_configs or dns_sd_configs"
    ),
  ])
  func `a fault is named with its place`(_ text: String, _ message: String) {
    #expect(fault(text) == message)
  }

  @Test func `an address is the scheme, the discovered host and the prefixed path`() {
    var configuration = AlertmanagerConfiguration()
    configuration.pathPrefix = "am//x/"
    guard case .target(let target) = AlertmanagerTarget.find(Labels(["__address__": "h:9093"]), configuration) else {
      Issue.record("no target")
      return
    }
    #expect(target.url == "http://h:9093/am/x/api/v2/alerts")
  }

  @Test func `relabelling changes address, scheme and path, and drops`() throws {
    var configuration = AlertmanagerConfiguration()
    configuration.relabelRules = [
      try RelabelRule(sourceLabels: ["zone"], targetLabel: "__address__", replacement: "$1.example.org"),
      try RelabelRule(targetLabel: "__scheme__", replacement: "https"),
      try RelabelRule(targetLabel: "__alerts_path__", replacement: "/p"),
      try RelabelRule(action: .drop, sourceLabels: ["zone"], regex: "off"),
    ]
    func find(_ zone: String) -> String {
      switch AlertmanagerTarget.find(Labels(["__address__": "h:9093", "zone": zone]), configuration) {
      case .target(let target): target.url
      case .dropped(let url): "dropped \(url)"
      case .invalid(let reason): "invalid: \(reason)"
      }
    }
    #expect(find("a") == "https://a.example.org/p")
    #expect(find("off") == "dropped http://h:9093/api/v2/alerts")
    #expect(find("a b") == "invalid: \"a b.example.org\" is not a valid host and port")
  }

  @Test(arguments: [
    ("http://h:9093", "http://h:9093/api/v2/alerts"), ("https://h/am", "https://h/am/api/v2/alerts"),
    ("HTTP://[::1]:1/", "http://[::1]:1/api/v2/alerts"),
  ])
  func `the flag takes a URL`(_ text: String, _ url: String) throws {
    let configuration = try #require(AlertmanagerConfiguration(url: text))
    let labels = try #require(configuration.sources.staticGroups.map(DiscoveredGroup.init).first?.labelSets.first)
    guard case .target(let target) = AlertmanagerTarget.find(labels, configuration) else {
      Issue.record("no target")
      return
    }
    #expect(target.url == url)
  }

  @Test(arguments: ["h:9093", "ftp://h", "http://", "http://u@h", "http://h/?q", ""])
  func `the flag takes nothing else`(_ text: String) {
    #expect(AlertmanagerConfiguration(url: text) == nil)
  }
}
