import Broker
import Collection
import StrictYAML
import TimeSeries

extension HarecastConfiguration {
  /// What stands for a secret, as in Prometheus.
  private static let mask = "<secret>"
  private static let secretKeys: Set<String> = ["password", "credentials", "bearer_token", "token"]

  /// The configuration as YAML: what was written, without comments, with `<secret>` for each secret.
  public var shown: String { (source ?? madeInCode).written(replacing: Self.masked) }

  /// What is shown in a scalar's stead; nil for itself.
  private static func masked(_ keys: [String], _ scalar: YAMLScalar) -> String? {
    guard let key = keys.last, !scalar.isNull else { return nil }
    let parent = keys.dropLast().last
    // `key` is a private key in PEM there, and a header may hold whatever opens a door.
    if secretKeys.contains(key) || (key == "key" && parent == "tls_config") || parent == "headers" { return mask }
    if key == "secrets", keys.contains("http_headers") { return mask }
    return withoutPassword(scalar.text)
  }

  /// A URL with its password masked; nil if the text holds none.
  private static func withoutPassword(_ text: String) -> String? {
    guard let scheme = text.range(of: "://") else { return nil }
    let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
    guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return nil }
    return text[...colon] + mask + text[at...]
  }

  /// The jobs as they would have been written.
  private var madeInCode: YAMLNode {
    let place = YAMLPlace(file: "", line: 1, column: 1)
    func text(_ value: String) -> YAMLNode { YAMLNode(.scalar(YAMLScalar(value, isPlain: false)), at: place) }
    func list(_ values: [YAMLNode]) -> YAMLNode { YAMLNode(.sequence(values), at: place) }
    func map(_ entries: [(String, YAMLNode)]) -> YAMLNode {
      YAMLNode(.mapping(entries.map { YAMLEntry(key: $0.0, keyPlace: place, value: $0.1) }), at: place)
    }
    func duration(_ milliseconds: Int64) -> YAMLNode {
      YAMLNode(.scalar(YAMLScalar(PrometheusDuration.format(milliseconds), isPlain: true)), at: place)
    }
    let jobs = scrapes.map { job in
      var names: [String] = []
      for parameter in job.parameters where !names.contains(parameter.name) { names.append(parameter.name) }
      var entries: [(String, YAMLNode)] = [
        ("job_name", text(job.jobName)), ("scrape_interval", duration(job.scrapeInterval)),
        ("metrics_path", text(job.metricsPath)), ("scheme", text(job.scheme)),
      ]
      if !names.isEmpty {
        let values = names.map { name in
          (name, list(job.parameters.filter { $0.name == name }.map { text($0.value) }))
        }
        entries.append(("params", map(values)))
      }
      let groups = job.staticGroups.map { map([("targets", list($0.targets.map(text)))]) }
      return map(entries + [("static_configs", list(groups))])
    }
    return map([
      (
        "global",
        map([
          ("scrape_interval", duration(global.scrapeInterval)),
          ("evaluation_interval", duration(global.evaluationInterval)),
        ])
      ),
      ("scrape_configs", list(jobs)),
    ])
  }
}
