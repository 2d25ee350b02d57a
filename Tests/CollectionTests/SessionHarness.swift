import Exposition
import SeriesStore
import Synchronization
import TimeSeries

@testable import Collection

/// A store and a session of one target, fed with texts at times of a test's choosing.
struct SessionHarness {
  let store: SeriesStore
  var session: ScrapeSession

  init(
    store: SeriesStore = SeriesStore(), sense: (any TargetSense)? = nil,
    _ change: (inout ScrapeConfiguration) throws -> Void = { _ in }
  ) throws {
    var job = ScrapeConfiguration(jobName: "j")
    try change(&job)
    guard let target = try ScrapeTarget(discovered: Labels(words: "__address__=h:1"), job: job) else { throw Dropped() }
    self.store = store
    session = ScrapeSession(store: store, job: job, target: target, sense: sense)
  }

  struct Dropped: Error {}

  @discardableResult
  mutating func ingest(_ text: String, at time: Int64, format: ExpositionFormat = .text) throws -> ScrapeTally {
    var copy = text
    return try copy.withUTF8 {
      try session.ingest(UnsafeRawBufferPointer($0), format: format, timestamp: time, now: time)
    }
  }

  /// All series but those of the report, as `name{labels} value@time …`, `!` for a marker; job and instance left out.
  func stored() throws -> [String] {
    try SessionHarness.stored(store).filter { !$0.hasPrefix("up") && !$0.hasPrefix("scrape_") }
  }

  static func stored(_ store: SeriesStore) throws -> [String] {
    try store.select([LabelMatcher("__name__", .matches, ".+")], from: 0, through: .max / 2).map { series in
      let labels = series.labels.removing(["job", "instance"])
      let samples = zip(series.timestamps, series.values).map { time, value in
        value.isStaleMarker ? "!@\(time)" : "\(value)@\(time)"
      }
      return "\(labels) \(samples.joined(separator: " "))"
    }.sorted()
  }
}

/// A sense that stores every series under a further name, which a body can change.
final class RenamingSense: TargetSense {
  private let state = Mutex((suffix: "x", outcomes: [ScrapeOutcome]()))

  var outcomes: [ScrapeOutcome] { state.withLock { $0.outcomes } }

  func parameters(configured: [QueryParameter], at time: Int64) -> [QueryParameter]? {
    time % 2 == 0 ? configured + [QueryParameter("extra", "1")] : nil
  }

  func willParse(_ body: UnsafeRawBufferPointer) -> Bool {
    let new = body.starts(with: "# y".utf8) ? "y" : "x"
    return state.withLock { state in
      defer { state.suffix = new }
      return state.suffix != new
    }
  }

  func expand(_ labels: Labels) -> [Labels] {
    let suffix = state.withLock { $0.suffix }
    return [labels, labels.setting("__name__", to: labels.metricName + "_" + suffix)]
  }

  func didScrape(_ outcome: ScrapeOutcome) { state.withLock { $0.outcomes.append(outcome) } }
}
