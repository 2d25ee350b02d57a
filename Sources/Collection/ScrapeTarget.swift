import TimeSeries

/// One thing to scrape: an address with its labels, after relabelling.
public struct ScrapeTarget: Sendable, Hashable {
  /// The labels that every series of the target gets, `job` and `instance` among them.
  public let labels: Labels
  /// Labels before relabelling, `__address__` and `__meta_…` among them.
  public let discoveredLabels: Labels
  public let scheme: String
  /// `host:port`.
  public let address: String
  public let path: String
  /// The parameters of the query as configured.
  public let parameters: [QueryParameter]
  /// Milliseconds; relabelling may have changed them.
  public let interval: Int64
  public let timeout: Int64

  /// The URL with the configured parameters.
  public var url: String { url(parameters) }

  /// The URL with other parameters; they are sorted by name.
  public func url(_ parameters: [QueryParameter]) -> String {
    var result = "\(scheme)://\(address)\(URLText.path(path))"
    if parameters.isEmpty { return result }
    let names = Set(parameters.map(\.name)).sorted()
    var separator = "?"
    for name in names {
      for parameter in parameters where parameter.name == name {
        result += "\(separator)\(URLText.queryPart(name))=\(URLText.queryPart(parameter.value))"
        separator = "&"
      }
    }
    return result
  }

  /// What distinguishes this target from others of its job.
  var identity: UInt64 { StableHash.hash(url, seed: labels.fingerprint) }
}

/// Why discovered labels make no target.
struct TargetError: Error, CustomStringConvertible {
  let description: String
}

extension ScrapeTarget {
  /// Makes a target from discovered labels: fills in the job's settings, relabels, and takes the special labels out.
  ///
  /// Nil if relabelling drops it.
  ///
  /// - Throws: ``TargetError`` if what is left is no target.
  init?(discovered: Labels, job: ScrapeConfiguration) throws(TargetError) {
    var draft = LabelDraft(discovered)
    let defaults = [
      ("job", job.jobName), ("__scrape_interval__", PrometheusDuration.format(job.scrapeInterval)),
      ("__scrape_timeout__", PrometheusDuration.format(job.scrapeTimeout)), ("__metrics_path__", job.metricsPath),
      ("__scheme__", job.scheme),
    ]
    for (name, value) in defaults where draft[name].isEmpty { draft[name] = value }
    for parameter in job.parameters where draft["__param_\(parameter.name)"].isEmpty {
      draft["__param_\(parameter.name)"] = parameter.value
    }
    discoveredLabels = Labels(draft.labels)
    guard let relabelled = RelabelRule.apply(job.relabelRules, to: discoveredLabels) else { return nil }
    address = relabelled["__address__"] ?? ""
    if address.isEmpty { throw TargetError(description: "the target has no address") }
    guard URLText.isHostAndPort(address) else {
      throw TargetError(description: "\"\(address.prefix(100))\" is not a valid host and port")
    }
    scheme = relabelled["__scheme__"] ?? ""
    if scheme != "http" && scheme != "https" {
      throw TargetError(description: "\"\(scheme.prefix(20))\" is not a scheme; it must be http or https")
    }
    path = relabelled["__metrics_path__"] ?? ""
    interval = try ScrapeTarget.duration(relabelled, "__scrape_interval__")
    timeout = try ScrapeTarget.duration(relabelled, "__scrape_timeout__")
    if timeout > interval { throw TargetError(description: "scrape timeout greater than scrape interval") }
    parameters = ScrapeTarget.parameters(relabelled, job)
    var own = relabelled.elements.filter { !$0.name.hasPrefix("__") }
    if relabelled["instance"] == nil { own.append(Label("instance", address)) }
    labels = Labels(own)
  }

  private static func duration(_ labels: Labels, _ name: String) throws(TargetError) -> Int64 {
    let text = labels[name] ?? ""
    guard let value = PrometheusDuration.parse(text), value > 0 else {
      throw TargetError(description: "\"\(text.prefix(40))\" in \(name) is not a duration over zero")
    }
    return value
  }

  /// The job's parameters, the first value of each as relabelling left it.
  private static func parameters(_ labels: Labels, _ job: ScrapeConfiguration) -> [QueryParameter] {
    var parameters = job.parameters
    for label in labels.elements where label.name.hasPrefix("__param_") {
      let name = String(label.name.dropFirst("__param_".count))
      if let index = parameters.firstIndex(where: { $0.name == name }) {
        parameters[index].value = label.value
      } else {
        parameters.append(QueryParameter(name, label.value))
      }
    }
    return parameters
  }
}

/// Writes parts of URLs with percent escapes (RFC 3986, section 2).
public enum URLText {
  /// `text` as a path that begins with a slash.
  public static func path(_ text: String) -> String {
    let escaped = escape(text, allowed: "/-._~$&+,:;=@!'()*")
    return escaped.hasPrefix("/") ? escaped : "/" + escaped
  }

  /// Text as it may stand in the query of an address, other characters as percent and number.
  public static func queryPart(_ text: String) -> String { escape(text, allowed: "-._~") }

  /// Whether `text` can stand between `//` and the path: no blanks, no user name, no path.
  public static func isHostAndPort(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"/?#@\\".utf8.contains($0) }
  }

  private static func escape(_ text: String, allowed: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      let letter = byte | 0x20
      let isPlain = (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || allowed.utf8.contains(byte)
      if isPlain { bytes.append(byte) } else { bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
