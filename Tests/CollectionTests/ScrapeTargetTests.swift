import StrictYAML
import Testing
import TimeSeries

@testable import Collection

@Suite("Scrape targets")
struct ScrapeTargetTests {
  func target(_ discovered: String, _ change: (inout ScrapeConfiguration) throws -> Void = { _ in }) throws
    -> ScrapeTarget?
  {
    var job = ScrapeConfiguration(jobName: "j", scrapeInterval: 15_000)
    try change(&job)
    return try ScrapeTarget(discovered: Labels(words: discovered), job: job)
  }

  @Test("a target has its job and its address as labels, and none of the special ones")
  func labels() throws {
    let target = try #require(try target("__address__=h:1 __meta_x=y env=prod"))
    #expect(target.labels == Labels(words: "job=j instance=h:1 env=prod"))
    #expect(target.url == "http://h:1/metrics")
    #expect(target.interval == 15_000 && target.timeout == 10_000)
    #expect(target.discoveredLabels["__meta_x"] == "y" && target.discoveredLabels["__scrape_interval__"] == "15s")
  }

  @Test("relabelling can change address, path, scheme, parameters, times and instance")
  func relabelled() throws {
    let rules = """
      - {source_labels: [__meta_x], target_label: __address__}
      - {target_label: __metrics_path__, replacement: '/p q/%'}
      - {target_label: __scheme__, replacement: https}
      - {target_label: __param_family, replacement: 'a&b=c'}
      - {target_label: __param_new, replacement: 'ü'}
      - {target_label: __scrape_interval__, replacement: 30s}
      - {target_label: __scrape_timeout__, replacement: 20s}
      - {target_label: instance, replacement: named}
      - {target_label: job, replacement: other}
      """
    let found = try target("__address__=h:1 __meta_x=[::1]:2") { job in
      job.parameters = [QueryParameter("vhost", "/"), QueryParameter("family", "x"), QueryParameter("family", "y")]
      job.relabelRules = try RelabelRule.rules(YAMLDocument.parse(rules, file: "r.yml").items("rules"))
    }
    let result = try #require(found)
    #expect(result.url == "https://[::1]:2/p%20q/%25?family=a%26b%3Dc&family=y&new=%C3%BC&vhost=%2F")
    #expect(result.interval == 30_000 && result.timeout == 20_000)
    #expect(result.labels == Labels(words: "instance=named job=other"))
  }

  @Test("a target that relabelling drops is none")
  func dropped() throws {
    let found = try target("__address__=h:1") { job in
      job.relabelRules = [try RelabelRule(action: .drop, sourceLabels: ["__address__"], regex: "h:.*")]
    }
    #expect(found == nil)
  }

  @Test(
    "labels that make no target say why",
    arguments: [
      ("", "the target has no address"),
      ("__address__=http://a", "\"http://a\" is not a valid host and port"),
      ("__address__=a\tb", "\"a\tb\" is not a valid host and port"),
      ("__address__=u@h:1", "\"u@h:1\" is not a valid host and port"),
      ("__address__=h:1 __scheme__=ftp", "\"ftp\" is not a scheme; it must be http or https"),
      ("__address__=h:1 __scrape_timeout__=1h", "scrape timeout greater than scrape interval"),
      (
        "__address__=h:1 __scrape_interval__=0s",
        "\"0s\" in __scrape_interval__ is not a duration over zero"
      ),
    ])
  func refused(_ labels: String, _ reason: String) {
    do {
      _ = try target(labels)
      Issue.record("accepted")
    } catch {
      #expect("\(error)" == reason)
    }
  }
}
