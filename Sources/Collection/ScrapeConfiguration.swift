import Exposition
import HTTPFetch
import TimeSeries

/// The `global` section: defaults for all jobs and rule groups. Durations are in milliseconds.
public struct GlobalConfiguration: Sendable, Equatable {
  public var scrapeInterval: Int64 = 60_000
  public var scrapeTimeout: Int64 = 10_000
  public var evaluationInterval: Int64 = 60_000
  public var ruleQueryOffset: Int64 = 0
  /// Labels for whatever leaves this server.
  public var externalLabels = Labels.empty
  public var acceptHeader = ExpositionFormat.acceptHeader
  public var limits = ScrapeLimits()

  public init() {}
}

/// Bounds of one scrape; 0 means none, as in Prometheus.
public struct ScrapeLimits: Sendable, Equatable {
  /// The most samples of one scrape after metric relabelling.
  public var samples = 0
  /// The most labels of one series.
  public var labels = 0
  /// The longest label name, in bytes.
  public var labelNameLength = 0
  /// The longest label value, in bytes.
  public var labelValueLength = 0
  /// The most targets of one job; more fail them all.
  public var targets = 0
  /// The most bytes of a body, unpacked; 0 stands for ``defaultBodySize``.
  public var bodySize = 0

  /// What bounds a body where nothing is configured.
  public static let defaultBodySize = 256 << 20

  public init() {}
}

/// One job: what to scrape, how often, and what to do with it.
public struct ScrapeConfiguration: Sendable, Equatable {
  public var jobName: String
  /// Milliseconds from one scrape of a target to the next.
  public var scrapeInterval: Int64
  /// Milliseconds after which a scrape has failed; not over the interval.
  public var scrapeTimeout: Int64
  public var metricsPath = "/metrics"
  public var scheme = "http"
  public var parameters: [QueryParameter] = []
  public var honorLabels = false
  public var honorTimestamps = true
  /// Whether series with timestamps of their own get staleness markers too.
  public var trackTimestampsStaleness = false
  /// Whether one malformed line fails the scrape, as in Prometheus; else it is skipped and counted.
  public var isStrict = false
  public var isCompressionEnabled = true
  public var acceptHeader = ExpositionFormat.acceptHeader
  /// The format to assume where the response names none.
  public var fallbackFormat: ExpositionFormat?
  public var limits = ScrapeLimits()
  public var access = HTTPAccess()
  public var relabelRules: [RelabelRule] = []
  public var metricRelabelRules: [RelabelRule] = []
  public var staticGroups: [TargetGroup] = []
  public var fileDiscoveries: [FileDiscoveryConfiguration] = []
  public var dnsDiscoveries: [DNSDiscoveryConfiguration] = []

  public init(jobName: String, scrapeInterval: Int64 = 60_000, scrapeTimeout: Int64? = nil) {
    self.jobName = jobName
    self.scrapeInterval = scrapeInterval
    self.scrapeTimeout = scrapeTimeout ?? min(10_000, scrapeInterval)
  }
}

/// A parameter of a URL's query.
public struct QueryParameter: Sendable, Hashable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Targets with labels in common.
public struct TargetGroup: Sendable, Equatable {
  /// Addresses, `host:port`.
  public var targets: [String]
  public var labels: [Label]

  public init(targets: [String], labels: [Label] = []) {
    self.targets = targets
    self.labels = labels
  }
}

/// Targets listed in files that are watched.
public struct FileDiscoveryConfiguration: Sendable, Equatable {
  /// Paths of `.json`, `.yml` and `.yaml` files; the last part may hold `*`.
  public var files: [String]
  /// Milliseconds after which files are read again whether they look changed or not.
  public var refreshInterval: Int64

  public init(files: [String], refreshInterval: Int64 = 300_000) {
    self.files = files
    self.refreshInterval = refreshInterval
  }
}

/// Targets found in the domain name system.
public struct DNSDiscoveryConfiguration: Sendable, Equatable {
  public enum RecordType: String, Sendable, CaseIterable {
    case a = "A"
    case aaaa = "AAAA"
    case srv = "SRV"
  }

  public var names: [String]
  public var type: RecordType
  /// The port of targets; service records bring their own.
  public var port: Int
  /// Milliseconds between two look-ups.
  public var refreshInterval: Int64

  public init(names: [String], type: RecordType = .srv, port: Int = 0, refreshInterval: Int64 = 30_000) {
    self.names = names
    self.type = type
    self.port = port
    self.refreshInterval = refreshInterval
  }
}

/// How an HTTP server is reached and who we are to it.
public struct HTTPAccess: Sendable, Equatable {
  public var basicUsername: Secret?
  public var basicPassword: Secret?
  /// The scheme of the `Authorization` header, usually `Bearer`.
  public var authorizationType: String?
  public var credentials: Secret?
  public var tls = TLSOptions()
  /// The client's key where it is given in the configuration itself.
  public var inlineKey: Secret?
  public var followsRedirects = true
  public var proxyURL: String?
  public var noProxy: String?
  public var headers: [(name: String, value: Secret)] = []

  public init() {}

  public static func == (left: HTTPAccess, right: HTTPAccess) -> Bool {
    left.basicUsername == right.basicUsername && left.basicPassword == right.basicPassword
      && left.authorizationType == right.authorizationType && left.credentials == right.credentials
      && left.tls == right.tls && left.inlineKey == right.inlineKey
      && left.followsRedirects == right.followsRedirects && left.proxyURL == right.proxyURL
      && left.noProxy == right.noProxy
      && left.headers.map(\.name) == right.headers.map(\.name)
      && left.headers.map(\.value) == right.headers.map(\.value)
  }

  /// Puts authentication, TLS, proxy and redirects into a request, reading secrets from their files.
  ///
  /// - Throws: ``FileError`` if a secret cannot be read.
  public func apply(to request: inout HTTPRequest) throws(FileError) {
    request.tls = tls
    if let inlineKey { request.tls.key = .text(try inlineKey.reveal()) }
    request.maximumRedirects = followsRedirects ? 10 : 0
    request.proxyURL = proxyURL
    request.noProxy = noProxy
    if let basicUsername {
      let password = try basicPassword?.reveal() ?? ""
      request.basicAuthentication = BasicAuthentication(username: try basicUsername.reveal(), password: password)
    }
    if let credentials {
      request.authorization = "\(authorizationType ?? "Bearer") \(try credentials.reveal())"
    }
    for header in headers { request.headers.append(HTTPHeader(header.name, try header.value.reveal())) }
  }
}
