import Collection
import Exposition
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Operations
import Outlook
import PromQL
import Rules
import SeriesStore
import ServiceLifecycle
import TimeSeries

/// What the HTTP face reads from and, where it is allowed to, sets in motion.
public struct HTTPServerContext: Sendable {
  public var store: SeriesStore
  public var engine: QueryEngine
  public var time: any TimeSource
  public var metrics: MetricsPage
  /// Takes the metrics about requests.
  public var registry: MetricRegistry
  public var rules: RuleManager
  /// Whether the server is ready to answer queries with data.
  public var isReady: @Sendable () -> Bool
  /// What is scraped and how that goes.
  public var targets: @Sendable () -> [TargetReport]
  /// The discovered labels of targets that relabelling dropped, by job.
  public var droppedTargets: @Sendable () -> [String: [Labels]]
  /// Reloads the configuration; nil if reloading over HTTP is not enabled.
  public var reload: (@Sendable () async throws -> Void)?
  public var version: String
  public var maximumConcurrentQueries: Int
  /// Takes remote-write; nil where it is not taken.
  public var writer: RemoteWriteReceiver?
  /// Looks for incidents; nil where nobody does.
  public var incidents: IncidentWatch?
  /// Forecasts demand and resources; nil where nobody does.
  public var outlook: OutlookWatch?
  /// Encryption and users; nil for neither.
  public var webConfig: WebConfigSource?
  /// What `/api/v1/status` and `/api/v1/alertmanagers` show besides the store and the rules.
  public var report = ServerReport()

  public init(
    store: SeriesStore, engine: QueryEngine, time: any TimeSource, metrics: MetricsPage, registry: MetricRegistry,
    rules: RuleManager,
    isReady: @escaping @Sendable () -> Bool, targets: @escaping @Sendable () -> [TargetReport],
    droppedTargets: @escaping @Sendable () -> [String: [Labels]],
    reload: (@Sendable () async throws -> Void)?, version: String, maximumConcurrentQueries: Int = 20
  ) {
    self.store = store
    self.engine = engine
    self.time = time
    self.metrics = metrics
    self.registry = registry
    self.rules = rules
    self.isReady = isReady
    self.targets = targets
    self.droppedTargets = droppedTargets
    self.reload = reload
    self.version = version
    self.maximumConcurrentQueries = maximumConcurrentQueries
  }
}

/// The server cannot listen where it should.
public struct ListeningError: Error, Sendable, CustomStringConvertible {
  /// Host and port.
  public let address: String
  /// What went wrong, in the system's words.
  public let reason: String

  public var description: String { "cannot listen on \(address): \(reason)" }
}

/// Harecast's HTTP server, as a service.
public struct HTTPServer: Service {
  private let context: HTTPServerContext
  private let host: String
  private let port: Int
  private let log: Logger
  private let onListening: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - host: the address to bind.
  ///   - port: the port; 0 lets the system choose.
  ///   - onListening: called with the bound port once connections are accepted.
  public init(
    context: HTTPServerContext, host: String, port: Int, log: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.context = context
    self.host = host
    self.port = port
    self.log = log
    self.onListening = onListening
  }

  public func run() async throws {
    var quiet = log
    quiet.logLevel = max(log.logLevel, .warning)
    let onListening = onListening
    let web = context.webConfig
    let router = router()
    let finisher = AnswerFinisher(
      base: router.buildResponder(), allowedOrigin: context.report.corsOrigin,
      paths: router.routes.map(\.path.description))
    let application = Application(
      responder: WebConfigGuard(base: finisher, source: web),
      server: HTTPServerBuilder { responder in
        let configuration = HTTP1Channel.Configuration(idleTimeout: .seconds(75))
        return WebConfigChannel(base: HTTP1Channel(responder: responder, configuration: configuration), source: web)
      },
      configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "harecast"),
      onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) },
      logger: quiet)
    do {
      try await application.run()
    } catch let error as IOError {
      // Connections report their own errors elsewhere; what comes up here is that of the listening socket.
      throw ListeningError(address: "\(host):\(port)", reason: String(cString: strerror(error.errnoCode)))
    } catch let error as SocketAddressError.UnknownHost {
      throw ListeningError(address: "\(host):\(port)", reason: error.errorDescription)
    }
  }

  /// All routes.
  func router() -> Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    let context = context
    router.get("/metrics") { request, _ in context.metrics.answer(request) }
    router.get("/-/healthy") { _, _ in Response.text("Harecast is healthy.") }
    router.get("/-/ready") { _, _ in
      context.isReady()
        ? Response.text("Harecast is ready.")
        : Response.text("Harecast is starting.", status: .serviceUnavailable)
    }
    for method in [HTTPRequest.Method.post, .put] {
      router.on("/-/reload", method: method) { _, _ in
        guard let reload = context.reload else {
          return Response.text(
            "Reloading over HTTP is not enabled: start with --web.enable-lifecycle.", status: .forbidden)
        }
        do {
          try await reload()
          return Response.text("Configuration reloaded.")
        } catch {
          return Response.text("failed to reload: \(error)", status: .internalServerError)
        }
      }
    }
    WebPage().addRoutes(to: router)
    if let writer = context.writer { WriteAPI(receiver: writer).addRoutes(to: router) }
    QueryAPI(
      engine: context.engine, store: context.store, time: context.time,
      gate: QueryGate(limit: context.maximumConcurrentQueries), registry: context.registry
    ).addRoutes(to: router)
    StatusAPI(context: context).addRoutes(to: router)
    GraphLink(time: context.time).addRoutes(to: router)
    if let incidents = context.incidents {
      IncidentAPI(watch: incidents, time: context.time, webConfig: context.webConfig).addRoutes(to: router)
    }
    if let outlook = context.outlook { OutlookAPI(watch: outlook).addRoutes(to: router) }
    AnomalyAPI(context: context).addRoutes(to: router)
    ForecastAPI(rules: context.rules, engine: context.engine).addRoutes(to: router)
    let federation = Federation(
      store: context.store, engine: context.engine, time: context.time, externalLabels: context.report.externalLabels)
    router.get("/federate") { request, _ in federation.answer(request) }
    return router
  }
}

/// One scrape target, as `/api/v1/targets` shows it.
public struct TargetReport: Sendable {
  public var labels: Labels
  public var job: String
  public var url: String
  public var isHealthy: Bool?
  public var lastError: String
  public var lastScrape: Int64?
  public var lastScrapeSeconds: Double

  public init(
    labels: Labels, job: String, url: String, isHealthy: Bool?, lastError: String, lastScrape: Int64?,
    lastScrapeSeconds: Double
  ) {
    self.labels = labels
    self.job = job
    self.url = url
    self.isHealthy = isHealthy
    self.lastError = lastError
    self.lastScrape = lastScrape
    self.lastScrapeSeconds = lastScrapeSeconds
  }
}
