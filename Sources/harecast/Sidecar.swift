import Broker
import Collection
import Delivery
import Exposition
import HTTPAPI
import HTTPFetch
import Logging
import Operations
import Outlook
import PromQL
import Rules
import SeriesStore
import ServiceLifecycle
import Settings
import Synchronization
import TimeSeries

/// The running parts of Harecast, put together: scraping, the store, rules, and what a page shows.
final class Sidecar: Sendable {
  let store: SeriesStore
  let registry = MetricRegistry()
  let engine: QueryEngine
  let time: any TimeSource
  let rules: RuleManager
  let scrapes: ScrapeManager
  let notifier: AlertNotifier
  let page: MetricsPage
  private let client: HTTPClient
  private let management: ManagementPoller?
  private let backfill: Backfill?
  private let writer: RemoteWriteReceiver
  let incidents: IncidentWatch
  let outlook: OutlookWatch
  private let deliveries: [SampleDelivery]
  private let ownMetrics: OwnMetrics?
  let startTime = SystemTime().now()
  private let load: @Sendable (QueryEngine) throws -> Plan
  private let log: Logger
  private let hasJobs: Bool
  /// The plan in force; its lock also keeps two reloads from interleaving.
  let plan: Mutex<Plan>
  let reloadSucceeded: Gauge
  let reloadTime: Gauge
  /// What an earlier run left, as words for the log.
  let restored: Logger.Metadata

  /// What a configuration comes to: what to scrape and the parsed rules.
  struct Plan: Sendable {
    var configuration: HarecastConfiguration
    var rules: [RuleFile]
    /// The trained models that rules ask for.
    var trained: [TrainedModel] = []
    /// Whether Harecast's own metrics are kept where the configuration does not say.
    var keepsOwnMetrics = false
  }

  /// - Parameters:
  ///   - queryOptions: the bounds of queries, those of rules included.
  ///   - storagePath: the folder of the store's file; nil for memory only.
  ///   - load: reads the configuration; called at the start and at every reload.
  /// - Throws: what `load` throws.
  init(
    time: any TimeSource, queryOptions: QueryOptions, ruleOptions: RuleManagerConfiguration = .init(),
    storagePath: String? = nil, logger: (String) -> Logger,
    load: @escaping @Sendable (QueryEngine) throws -> Plan
  ) throws {
    self.time = time
    self.load = { engine in
      var plan = try load(engine)
      try plan.attachTrainedModels(storagePath: storagePath)
      try plan.attachCalendar(at: time.now())
      return plan
    }
    log = logger("main")
    engine = QueryEngine(options: queryOptions)
    let plan = try self.load(engine)
    let client = HTTPClient(configuration: HTTPClientConfiguration(userAgent: "harecast/\(Harecast.version)"))
    self.client = client
    let store =
      try storagePath.map { try SeriesStore.open(folder: $0, configuration: plan.configuration.store, now: time.now()) }
      ?? SeriesStore(configuration: plan.configuration.store)
    self.store = store
    let registry = registry
    var ruleConfiguration = ruleOptions
    ruleConfiguration.evaluationInterval = plan.configuration.global.evaluationInterval
    ruleConfiguration.queryOffset = plan.configuration.global.ruleQueryOffset
    ruleConfiguration.externalLabels = plan.configuration.global.externalLabels
    ruleConfiguration.trainingShare = plan.configuration.models.trainingShare
    // Requests are repeated by the real clock, also in a replay.
    let notifier = AlertNotifier(client: client, time: SystemTime(), registry: registry, log: logger("notifier"))
    self.notifier = notifier
    rules = RuleManager(
      store: store, engine: engine, registry: registry, time: time,
      configuration: ruleConfiguration,
      keeper: storagePath == nil ? nil : StoreStateKeeper(store: store),
      notify: notifier.intake(time: time),
      report: { [log = logger("rules")] event in
        let place: Logger.Metadata = ["file": "\(event.file)", "group": "\(event.group)", "rule": "\(event.rule)"]
        if let error = event.error {
          log.warning("a rule fails", metadata: place.merging(["error": "\(error)"]) { $1 })
        } else if let note = event.note {
          log.notice("\(note)", metadata: place)
        } else {
          log.notice("a rule works again", metadata: place)
        }
      })
    restored = Self.restored(from: storagePath, store, rules)
    scrapes = ScrapeManager(
      store: store, client: client, time: time, registry: registry, logger: logger("scrape"),
      senses: BrokerSenseProvider(registry: registry, log: logger("broker")))
    management = plan.configuration.management.map { settings in
      ManagementPoller(
        settings, client: client, store: store, registry: registry, time: time, log: logger("management"))
    }
    writer = RemoteWriteReceiver(
      store: store, registry: registry, time: time, configuration: plan.configuration.remoteWriteReceiver)
    incidents = try Self.incidentWatch(
      plan, store: store, isKept: storagePath != nil, registry: registry, time: time, log: logger("incidents"))
    outlook = OutlookWatch(
      store: store, engine: engine, registry: registry, time: time,
      configuration: try Self.outlookConfiguration(plan, at: time.now()), log: logger("outlook"))
    let sources = plan.configuration.backfill
    backfill =
      sources.isEmpty
      ? nil
      : Backfill(
        sources, metricNames: BrokerHistory.metricNames(for: plan.rules.flatMap(\.readMetricNames)),
        identity: BrokerHistory.identity,
        destination: BackfillDestination(
          append: { labels, timestamps, values, now in
            try await store.appendHistory(labels, timestamps: timestamps, values: values, now: now)
          },
          saveState: { bytes, key in if storagePath != nil { try store.saveState(bytes, forKey: key) } },
          state: { key in storagePath == nil ? nil : try store.state(forKey: key) }),
        client: client, time: time, registry: registry, logger: logger("backfill"))
    let recorded = RecordedMetrics(rules: rules, store: store)
    deliveries = try Self.deliveries(
      plan.configuration, store: store, hasFile: storagePath != nil, recorded: recorded, client: client, time: time,
      registry: registry, log: logger("delivery"))
    let process = ProcessMetrics(
      store: store, registry: registry, version: Harecast.version, startTime: startTime)
    let watchesItself =
      try plan.keepsOwnMetrics || OperationsConfiguration(plan.configuration.operations).keepsOwnMetrics
    ownMetrics =
      watchesItself
      ? OwnMetrics(
        store: store, registry: registry, process: process, time: time,
        interval: plan.configuration.global.evaluationInterval)
      : nil
    page = MetricsPage(
      store: store, registry: registry, time: time,
      recorded: {
        recorded.metadata().merging(OperationsSeries.metadata) { own, _ in own }
          .merging(OutlookSeries.metadata) { own, _ in own }
      }, refresh: process.refresh)
    reloadSucceeded = registry.gauge(
      "harecast_config_last_reload_successful", help: "Whether the last reload of the configuration succeeded.")
    reloadTime = registry.gauge(
      "harecast_config_last_reload_success_timestamp_seconds",
      help: "When the configuration was last loaded with success, in Unix seconds.")
    hasJobs = !plan.configuration.scrapes.isEmpty
    self.plan = Mutex(plan)
    apply(plan)
  }

  /// Reads the configuration again and goes over to it, or changes nothing if it is not good.
  ///
  /// Storage, management and backfill settings and the evaluation defaults of `global` take effect at the next start.
  func reload() throws {
    try plan.withLock { plan in
      do {
        let new = try load(engine)
        let newOutlook = try Self.outlookConfiguration(new, at: time.now())
        incidents.reload(try OperationsConfiguration(new.configuration.operations))
        outlook.reload(newOutlook)
        let late = new.configuration.needsRestart(after: plan.configuration)
        if !late.isEmpty {
          log.warning(
            "these settings take effect at the next start", metadata: ["keys": "\(late.joined(separator: ", "))"])
        }
        apply(new)
        plan = new
        log.notice("configuration reloaded", metadata: Self.account(of: new))
      } catch {
        reloadSucceeded.set(0)
        log.error("configuration not reloaded", metadata: ["error": "\(error)"])
        throw error
      }
    }
  }

  private func apply(_ plan: Plan) {
    for remark in plan.configuration.remarks { log.warning("\(remark)") }
    scrapes.reload(plan.configuration.scrapes)
    notifier.reload(plan.configuration.alerting, externalLabels: plan.configuration.global.externalLabels)
    rules.reload(plan.rules)
    publishTrainedModels(plan.trained)
    reloadSucceeded.set(1)
    reloadTime.set(Double(SystemTime().now()) / 1000)
  }

  /// The services to run, in the order in which they start; they stop in reverse.
  func services(
    host: String, port: Int, options: ServerOptions, flags: [String: String], webConfig: WebConfigSource?,
    allowedOrigin: RegularExpression?, log: Logger,
    onListening: @escaping @Sendable (Int) async -> Void
  ) -> [any Service] {
    let reload: @Sendable () async throws -> Void = { [self] in try self.reload() }
    var context = HTTPServerContext(
      store: store, engine: engine, time: time, metrics: page, registry: registry, rules: rules,
      isReady: { [scrapes, hasJobs] in !hasJobs || scrapes.targets().contains { $0.health != .unknown } },
      targets: { [scrapes] in scrapes.targets().map(TargetReport.init) },
      droppedTargets: { [scrapes] in scrapes.droppedTargets() },
      reload: options.enableLifecycle ? reload : nil, version: Harecast.version,
      maximumConcurrentQueries: options.maximumConcurrency)
    context.writer = writer
    context.incidents = incidents
    context.outlook = outlook
    context.webConfig = webConfig
    context.report = report(flags: flags)
    context.report.corsOrigin = allowedOrigin
    let storeLog = options.logger("store")
    var services: [any Service] = [
      StoreCloser(store: store, rules: rules, log: storeLog),
      ClientKeeper(client: client),
      AlertDelivery(notifier: notifier),
      HTTPServer(context: context, host: host, port: port, log: log, onListening: onListening),
      StoreKeeper(store: store, time: time),
      StoreWatch(store: store, log: storeLog),
      Loop { [scrapes] in try await scrapes.run() },
      Loop { [rules] in try await rules.run() },
      Loop { [incidents] in try await incidents.run() },
      Loop { [outlook] in try await outlook.run() },
      ReloadOnSignal(sidecar: self),
    ]
    if let backfill {
      services.append(Loop { try await backfill.run() })
      services.append(
        Loop { [rules, outlook, time, log = self.log] in
          var lessons = HistoryLessons()
          var isFinished = false
          while !isFinished {
            try await time.sleep(until: time.now() + 5000)
            let progress = backfill.progress
            isFinished = progress.isFinished
            guard lessons.isDue(progress, at: time.now()) else { continue }
            if !progress.silentSources.isEmpty {
              log.warning(
                "models learn the history that is there, without that of sources that do not answer",
                metadata: ["sources": "\(progress.silentSources.joined(separator: ", "))"])
            }
            // Models that began with the first scrape now get to know what came before it.
            await rules.relearn()
            outlook.relearn()
          }
        })
    }
    for delivery in deliveries { services.append(Loop { await delivery.run() }) }
    if let ownMetrics { services.append(Loop { try await ownMetrics.run() }) }
    if let management { services.append(Loop { @Sendable in await management.run() }) }
    return services
  }

  /// One line on what is going on.
  func summary() -> String {
    let targets = scrapes.targets()
    let up = targets.count { $0.health == .up }
    let forecasts = Set(
      rules.groups().flatMap { $0.rules.flatMap(\.rule.recordedMetricNames) }
    )
    .reduce(0) {
      $0 + store.latest([LabelMatcher(Labels.metricNameLabel, equals: $1)], since: time.now() - 300_000).count
    }
    let firing = rules.activeAlerts().filter { $0.state == .firing }
    var line = "\(up)/\(targets.count) targets up · \(store.statistics.series) series · \(forecasts) predictions"
    if !firing.isEmpty {
      let names = Set(firing.map { $0.labels["alertname"] ?? "" }).sorted().prefix(3).joined(separator: ", ")
      line += " · \(firing.count) alerts firing: \(names)"
    }
    return line
  }
}

/// A loop that ends by cancellation, as a service. Work that is done before waits for the end: a service that ends by
/// itself would end all others.
struct Loop: Service {
  let body: @Sendable () async throws -> Void

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown(body)
      try await gracefulShutdown()
    } catch is CancellationError {}
  }
}

/// Closes the HTTP client when everything that uses it has stopped.
struct ClientKeeper: Service {
  let client: HTTPClient

  func run() async throws {
    try? await gracefulShutdown()
    await client.shutdown()
  }
}
