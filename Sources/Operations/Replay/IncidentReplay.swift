import SeriesStore
import TimeSeries

/// Recorded samples of a cluster, to be replayed: series with values at common times.
public struct RecordedRun: Sendable {
  public var name: String
  /// UTC milliseconds, increasing.
  public var timestamps: [Int64]
  /// The series under the names that live data has.
  public var series: [Labels]
  /// Row by row, one value for each series; NaN where there is none.
  public var rows: [[Double]]
  /// Seconds in a day of the recorded cluster.
  public var day: Double

  public init(name: String, timestamps: [Int64], series: [Labels], rows: [[Double]], day: Double) {
    self.name = name
    self.timestamps = timestamps
    self.series = series
    self.rows = rows
    self.day = day
  }
}

/// Replays recorded runs through the store and the classifier that live data goes through, row by row: at no time is
/// anything known that lies ahead.
public struct IncidentReplay: Sendable {
  public var depthLimit: Double

  public init(depthLimit: Double = 10_000) { self.depthLimit = depthLimit }

  /// What would have been said, in the order of time.
  public func run(_ run: RecordedRun) -> [IncidentEvent] {
    guard run.timestamps.count > 1 else { return [] }
    let store = SeriesStore()
    let ids = run.series.map { store.resolve($0) }
    let tick = Self.tick(run.timestamps)
    let reader = ObservationReader(store: store, lookback: Int64(tick * 2500))
    var classifiers: [String: IncidentClassifier] = [:]
    var events: [IncidentEvent] = []
    var isThere = Array(repeating: false, count: ids.count)
    for (row, time) in run.timestamps.enumerated() {
      var batch = SampleBatch()
      for (column, id) in ids.enumerated() {
        guard let id else { continue }
        let value = run.rows[row][column]
        // An exporter that does not answer leaves a marker, as the scraper writes it.
        if !value.isNaN {
          batch.append(id, time, value)
        } else if isThere[column] {
          batch.append(id, time, StaleMarker.value)
        }
        isThere[column] = !value.isNaN
      }
      _ = store.append(batch, now: time)
      for observation in reader.observations(at: time) {
        events += classifiers[
          observation.cluster,
          default: IncidentClassifier(
            timing: IncidentTiming(tick: tick, day: run.day), cluster: observation.cluster, depthLimit: depthLimit)
        ].observe(observation)
      }
    }
    return events
  }

  /// The usual distance of rows, in seconds.
  static func tick(_ timestamps: [Int64]) -> Double {
    let steps = zip(timestamps.dropFirst(), timestamps).map { Double($0 - $1) / 1000 }
    return SignalTrack.median(steps) ?? 1
  }
}

/// Recorded runs that cannot be read.
public struct RecordedRunError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
}
