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

/// Replays recorded samples through the store and the classifier that live data goes through, row by row: at no time is
/// anything known that lies ahead.
///
/// A history that is longer than memory is given in pieces, oldest first.
public struct IncidentReplay: Sendable {
  /// The names of the series that a replay makes use of.
  public static var metricNames: [String] { ObservationNames.all }

  private let timing: IncidentTiming
  private let depthLimit: Double
  private let store = SeriesStore()
  private let reader: ObservationReader
  private var classifiers: [String: IncidentClassifier] = [:]
  /// The series that had a value in the last row.
  private var present: Set<Labels> = []

  /// - Parameters:
  ///   - tick: seconds from one row to the next.
  ///   - day: seconds in a day of the recorded cluster.
  ///   - depthLimit: ready messages that are too many for a queue without a limit of its own.
  public init(tick: Double, day: Double, depthLimit: Double = 10_000) {
    timing = IncidentTiming(tick: tick, day: day)
    self.depthLimit = depthLimit
    reader = ObservationReader(store: store, lookback: Int64(tick * 2500))
  }

  /// What would have been said, in the order of time.
  public mutating func events(of run: RecordedRun) -> [IncidentEvent] {
    let ids = run.series.map { store.resolve($0) }
    var events: [IncidentEvent] = []
    for (row, time) in run.timestamps.enumerated() {
      var batch = SampleBatch()
      var now: Set<Labels> = []
      for (column, id) in ids.enumerated() {
        let value = run.rows[row][column]
        guard let id, !value.isNaN else { continue }
        batch.append(id, time, value)
        now.insert(run.series[column])
      }
      // An exporter that does not answer leaves a marker, as the scraper writes it.
      for labels in present.subtracting(now) {
        if let id = store.resolve(labels) { batch.append(id, time, StaleMarker.value) }
      }
      present = now
      _ = store.append(batch, now: time)
      for observation in reader.observations(at: time) {
        events += classifiers[
          observation.cluster,
          default: IncidentClassifier(timing: timing, cluster: observation.cluster, depthLimit: depthLimit)
        ].observe(observation)
      }
    }
    return events
  }
}

extension RecordedRun {
  /// The usual distance of rows, in seconds.
  public var tick: Double {
    SignalTrack.median(zip(timestamps.dropFirst(), timestamps).map { Double($0 - $1) / 1000 }) ?? 1
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
