import Exposition
import Forecasting
import SeriesStore
import TimeSeries

/// One look after another at the store: what the watch remembers in between.
struct OutlookLook {
  let watch: OutlookWatch
  private var generation = -1
  private var configuration = OutlookConfiguration()
  private var calendar = BusinessCalendar()
  private var calendarReadAt: Int64 = .min
  private var demand: DemandDesk
  private var resources: ResourceDesk
  private var outlooks: (demand: [Outlook], resources: [Outlook]) = ([], [])
  /// The series that the last look wrote, and the curves.
  private var written: Set<Labels> = []
  private var curves: Set<Labels> = []
  private let seconds: Counter

  /// Calendar files are read again after this many milliseconds.
  private static let calendarAge: Int64 = 3_600_000

  init(watch: OutlookWatch) {
    self.watch = watch
    demand = DemandDesk(configuration.demand, engine: watch.engine, source: watch.store)
    resources = ResourceDesk(configuration.resources, engine: watch.engine, source: watch.store)
    seconds = watch.registry.counter(
      "harecast_outlook_seconds_total", help: "Seconds spent in forecasts of demand and resources.")
  }

  /// Looks once; says whether work is left that should not wait for the next minute.
  mutating func run(at now: Int64) async -> Bool {
    let began = ContinuousClock.now
    takeConfiguration(at: now)
    var hasMore = false
    var isNew = false
    if configuration.demand.isEnabled { isNew = await demand.learn(at: now, calendar: calendar) }
    if isNew { outlooks.demand = demand.outlooks() }
    if configuration.resources.isEnabled, await resources.learn(at: now, calendar: calendar) {
      outlooks.resources = resources.outlooks()
      isNew = true
      hasMore = true
    }
    let calendarOutlook = CalendarOutlook(configuration, calendar, at: now)
    write(at: now, calendarOutlook, curvesAreNew: isNew)
    watch.take(
      OutlookWatch.Snapshot(
        demand: outlooks.demand, resources: outlooks.resources, waitingDemand: demand.waiting(),
        waitingResources: resources.waiting(), isDemandEnabled: configuration.demand.isEnabled,
        areResourcesEnabled: configuration.resources.isEnabled, calendar: calendarOutlook,
        faults: demand.faults.merging(resources.faults) { first, _ in first }))
    count()
    seconds.increment(by: (ContinuousClock.now - began) / .seconds(1))
    return hasMore
  }

  private mutating func takeConfiguration(at now: Int64) {
    let (new, number) = watch.configuration
    if number != generation {
      generation = number
      configuration = new
      calendarReadAt = .min
      demand = DemandDesk(new.demand, engine: watch.engine, source: watch.store)
      resources = ResourceDesk(new.resources, engine: watch.engine, source: watch.store)
      outlooks = ([], [])
    }
    guard calendarReadAt == .min || now - calendarReadAt > Self.calendarAge else { return }
    calendarReadAt = now
    do {
      let read = try configuration.calendar(at: now)
      guard read != calendar else { return }
      calendar = read
      demand.forget()
      resources.forget()
    } catch {
      watch.log.error("the calendar is not read again", metadata: ["error": "\(error)"])
    }
  }

  private func count() {
    for (kind, number) in [("demand", outlooks.demand.count), ("resources", outlooks.resources.count)] {
      watch.registry.gauge(
        "harecast_outlook_series", help: "Series that are forecast, by kind.", labels: ["kind": kind]
      )
      .set(Double(number))
    }
    for (kind, number) in [("demand", demand.waiting().count), ("resources", resources.waiting().count)] {
      watch.registry.gauge(
        "harecast_outlook_waiting", help: "Signals and series that wait for enough history, by kind.",
        labels: ["kind": kind]
      ).set(Double(number))
    }
    for (kind, number) in [("demand", demand.dropped), ("resources", resources.dropped)] {
      watch.registry.gauge(
        "harecast_outlook_series_dropped", help: "Series that are not forecast because of the limit, by kind.",
        labels: ["kind": kind]
      ).set(Double(number))
    }
    for kind in ["demand", "resources"] {
      let faults = kind == "demand" ? demand.faults.count : resources.faults.count
      watch.registry.gauge(
        "harecast_outlook_faults", help: "Signals whose expression failed at the last look, by kind.",
        labels: ["kind": kind]
      ).set(Double(faults))
    }
  }

  // MARK: Writing

  private mutating func write(at now: Int64, _ calendarOutlook: CalendarOutlook, curvesAreNew: Bool) {
    let rows =
      OutlookRows.rows(calendarOutlook) + outlooks.demand.flatMap(OutlookRows.demand)
      + outlooks.resources.flatMap(OutlookRows.resource)
    var batch = SampleBatch()
    var current: Set<Labels> = []
    for (labels, value) in rows where value.isFinite && current.insert(labels).inserted {
      if let id = watch.store.resolve(labels) { batch.append(id, now, value) }
    }
    for labels in written.subtracting(current) {
      if let id = watch.store.resolve(labels) { batch.append(id, now, StaleMarker.value) }
    }
    written = current
    _ = watch.store.append(batch, now: now)
    guard curvesAreNew else { return }
    let drawn =
      outlooks.demand.flatMap { OutlookRows.curves($0, OutlookSeries.demandCurve) }
      + outlooks.resources.flatMap { OutlookRows.curves($0, OutlookSeries.resourceCurve) }
    for (labels, samples) in drawn { watch.store.setCurve(labels, samples: samples) }
    let present = Set(drawn.map(\.labels))
    for labels in curves.subtracting(present) { watch.store.setCurve(labels, samples: []) }
    curves = present
  }
}
