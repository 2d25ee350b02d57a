import Collection
import Exposition
import HTTPFetch
import StrictYAML
import Testing
import TimeSeries

@Suite("Scrape configuration")
struct ScrapeConfigurationTests {
  func load(_ yaml: String) throws -> (global: GlobalConfiguration, jobs: [ScrapeConfiguration]) {
    var reader = try MappingReader(YAMLDocument.parse(yaml, file: "h.yml"), "the configuration")
    let global = try GlobalConfiguration(reader.optionalNode("global"))
    let jobs = try ScrapeConfiguration.configurations(
      reader.optionalNode("scrape_configs"), global: global, directory: "/etc/harecast")
    reader.ignore("rule_files")
    try reader.finish()
    return (global, jobs)
  }

  func job(_ keys: String) throws -> ScrapeConfiguration {
    try #require(load("scrape_configs:\n- job_name: j\n" + keys).jobs.first)
  }

  func fault(_ yaml: String) -> String? {
    do {
      _ = try load(yaml)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("a configuration for a cluster of three nodes loads as it would in Prometheus")
  func cluster() throws {
    let (global, jobs) = try load(
      """
      global:
        scrape_interval: 15s
        evaluation_interval: 15s

      scrape_configs:
        - job_name: 'rabbitmq'
          static_configs:
            - targets: ['rabbitmq-node1:15692', 'rabbitmq-node2:15692', 'rabbitmq-node3:15692']
          scrape_interval: 5s
          metrics_path: /metrics

        - job_name: 'rabbitmq-detailed'
          static_configs:
            - targets: ['rabbitmq-node1:15692', 'rabbitmq-node2:15692', 'rabbitmq-node3:15692']
          scrape_interval: 1s
          metrics_path: /metrics/detailed
          params:
            family: ['queue_metrics', 'connection_metrics', 'channel_metrics']

      rule_files:
        - "rabbitmq_rules.yml"
        - "ml_prediction_rules.yml"
      """)
    #expect(global.scrapeInterval == 15_000 && global.evaluationInterval == 15_000 && global.scrapeTimeout == 10_000)
    #expect(jobs.map(\.jobName) == ["rabbitmq", "rabbitmq-detailed"])
    #expect(jobs[0].scrapeInterval == 5000 && jobs[0].scrapeTimeout == 5000)
    #expect(jobs[1].scrapeInterval == 1000 && jobs[1].scrapeTimeout == 1000)
    #expect(jobs[1].metricsPath == "/metrics/detailed")
    #expect(jobs[1].parameters.map(\.name) == ["family", "family", "family"])
    #expect(jobs[1].parameters.map(\.value) == ["queue_metrics", "connection_metrics", "channel_metrics"])
    #expect(jobs[0].staticGroups.flatMap(\.targets).count == 3)
  }

  @Test("what is left out has Prometheus's defaults")
  func defaults() throws {
    let (global, jobs) = try load("scrape_configs: [{job_name: j}]")
    #expect(global == GlobalConfiguration())
    #expect(global.scrapeInterval == 60_000 && global.scrapeTimeout == 10_000 && global.evaluationInterval == 60_000)
    #expect(jobs[0].scrapeInterval == 60_000 && jobs[0].scrapeTimeout == 10_000)
    #expect(jobs[0].scheme == "http" && jobs[0].metricsPath == "/metrics")
    #expect(!jobs[0].honorLabels && jobs[0].honorTimestamps && !jobs[0].isStrict && jobs[0].isCompressionEnabled)
    #expect(jobs[0].access.followsRedirects && jobs[0].access.proxyURL == nil)
  }

  @Test("limits of the global section are the defaults of jobs")
  func limits() throws {
    let jobs = try load(
      """
      global: {sample_limit: 5, body_size_limit: 1MB}
      scrape_configs: [{job_name: a, label_limit: 3}, {job_name: b, sample_limit: 0, body_size_limit: 2KB}]
      """
    ).jobs
    #expect(jobs[0].limits.samples == 5 && jobs[0].limits.labels == 3 && jobs[0].limits.bodySize == 1 << 20)
    #expect(jobs[1].limits.samples == 0 && jobs[1].limits.bodySize == 2048)
  }

  @Test("authentication, TLS and discovery are read, paths from the configuration's directory")
  func access() throws {
    let job = try job(
      """
        scheme: https
        authorization: {credentials_file: token}
        tls_config: {ca_file: ca.pem, cert_file: /abs/c.pem, key_file: k.pem, server_name: s, insecure_skip_verify: yes,
                     min_version: TLS13}
        file_sd_configs: [{files: [targets/*.json, b.yml], refresh_interval: 1m}]
        dns_sd_configs: [{names: [a.b], type: A, port: 15692}, {names: [_m._tcp.x]}]
        fallback_scrape_protocol: OpenMetricsText1.0.0
        strict: true
      """)
    #expect(job.access.tls.authority == .file("/etc/harecast/ca.pem"))
    #expect(job.access.tls.certificate == .file("/abs/c.pem"))
    #expect(job.access.tls.serverName == "s" && job.access.tls.isVerificationOff)
    #expect(job.access.tls.minimumVersion == .tls13)
    #expect(job.access.authorizationType == "Bearer")
    #expect(job.access.credentials == Secret(file: "/etc/harecast/token"))
    #expect(job.fileDiscoveries[0].files == ["/etc/harecast/targets/*.json", "/etc/harecast/b.yml"])
    #expect(job.fileDiscoveries[0].refreshInterval == 60_000)
    #expect(job.dnsDiscoveries[0].type == .a && job.dnsDiscoveries[0].port == 15692)
    #expect(job.dnsDiscoveries[1].type == .srv && job.dnsDiscoveries[1].refreshInterval == 30_000)
    #expect(job.fallbackFormat == .openMetrics && job.isStrict)
  }

  @Test("secrets of a configuration do not print")
  func secrets() throws {
    let job = try job("  basic_auth: {username: u, password: hidden}\n")
    var text = ""
    dump(job, to: &text)
    #expect(!text.contains("hidden") && !"\(job)".contains("hidden"))
    var request = HTTPRequest(url: "http://h")
    try job.access.apply(to: &request)
    #expect(request.basicAuthentication == BasicAuthentication(username: "u", password: "hidden"))
  }

  @Test("keys of Prometheus that change nothing here are accepted")
  func harmless() throws {
    _ = try job(
      """
        enable_http2: false
        follow_redirects: true
        keep_dropped_targets: 10
        scrape_native_histograms: false
        native_histogram_bucket_limit: 100
        always_scrape_classic_histograms: true
        metric_name_validation_scheme: utf8
        metric_name_escaping_scheme: allow-utf-8
        scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0, PrometheusText0.0.4]
        track_timestamps_staleness: true
      """)
  }

  @Test(
    "faults are one line with their place",
    arguments: [
      (
        "global: {scrape_intervall: 5s}",
        "h.yml:1:10: unknown key \"scrape_intervall\" in global; did you mean \"scrape_interval\"?"
      ),
      (
        "global: {scrape_interval: 5s, scrape_timeout: 6s}",
        "h.yml:1:31: global scrape timeout greater than scrape interval"
      ),
      ("global: {scrape_interval: 0s}", "h.yml:1:10: scrape_interval must be longer than zero"),
      (
        "scrape_configs: [{job_name: j, scrape_interval: 1s, scrape_timeout: 2s}]",
        "h.yml:1:53: scrape timeout greater than scrape interval for scrape config with job name \"j\""
      ),
      ("scrape_configs: [{scheme: http}]", "h.yml:1:18: a scrape configuration needs the key \"job_name\""),
      (
        "scrape_configs:\n- {job_name: j}\n- {job_name: j}",
        "h.yml:3:3: a second job is named \"j\"; the first is in line 2"
      ),
      ("scrape_configs: [{job_name: j, scheme: ftp}]", "h.yml:1:32: scheme must be http or https"),
      (
        "scrape_configs: [{job_name: j, metrics_paths: /x}]",
        "h.yml:1:32: unknown key \"metrics_paths\" in a scrape configuration; did you mean \"metrics_path\"?"
      ),
      (
        "scrape_configs: [{job_name: j, static_configs: [{target: [a]}]}]",
        "h.yml:1:50: unknown key \"target\" in a group of targets; did you mean \"targets\"?"
      ),
      (
        "scrape_configs: [{job_name: j, static_configs: [{targets: ['http://a']}]}]",
        "h.yml:1:50: \"http://a\" is not a valid host and port: it holds a slash"
      ),
      (
        "scrape_configs: [{job_name: j, kubernetes_sd_configs: [{role: pod}]}]",
        "h.yml:1:32: \"kubernetes_sd_configs\" is not supported: discover targets with file_sd_configs or dns_sd_configs"
      ),
      (
        "scrape_configs: [{job_name: j, oauth2: {}}]",
        "h.yml:1:32: \"oauth2\" is not supported: use authorization with credentials_file"
      ),
      (
        "scrape_configs: [{job_name: j, scrape_native_histograms: true}]",
        "h.yml:1:32: \"scrape_native_histograms\" is not supported: there are no native histograms"
      ),
      (
        "scrape_configs: [{job_name: j, basic_auth: {username: a}, bearer_token: b}]",
        "h.yml:1:59: at most one of basic_auth, bearer_token can be configured"
      ),
      (
        "scrape_configs: [{job_name: j, authorization: {type: Basic, credentials: x}}]",
        "h.yml:1:48: for basic authentication write basic_auth"
      ),
      (
        "scrape_configs: [{job_name: j, tls_config: {cert_file: x}}]",
        "h.yml:1:44: a client certificate and its key are needed together"
      ),
      (
        "scrape_configs: [{job_name: j, tls_config: {min_version: SSL3}}]",
        "h.yml:1:45: unknown TLS version \"SSL3\"; write TLS10, TLS11, TLS12 or TLS13"
      ),
      (
        "scrape_configs: [{job_name: j, file_sd_configs: [{files: [a.txt]}]}]",
        "h.yml:1:51: \"a.txt\" must end in .json, .yml or .yaml"
      ),
      (
        "scrape_configs: [{job_name: j, dns_sd_configs: [{names: [a], type: A}]}]",
        "h.yml:1:49: a DNS discovery of type A needs the key \"port\""
      ),
      (
        "scrape_configs: [{job_name: j, dns_sd_configs: [{names: [a], type: MX}]}]",
        "h.yml:1:62: \"MX\" is not supported: write A, AAAA or SRV"
      ),
      ("scrape_configs: [{job_name: j, sample_limit: -1}]", "h.yml:1:32: sample_limit must not be negative"),
      (
        "scrape_configs: [{job_name: j, fallback_scrape_protocol: PrometheusText}]",
        "h.yml:1:32: unknown scrape protocol \"PrometheusText\"; did you mean \"PrometheusText0.0.4\"?"
      ),
      (
        "scrape_configs: [{job_name: j, http_headers: {Authorization: {values: [x]}}}]",
        "h.yml:1:47: the header \"Authorization\" cannot be set here"
      ),
      ("scrape_configs: {job_name: j}", "h.yml:1:17: expected a list for scrape_configs, found a mapping"),
    ])
  func faults(_ yaml: String, _ expected: String) {
    #expect(fault(yaml) == expected)
  }
}
