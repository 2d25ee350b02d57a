import AnomalyDetection
import Exposition
import Foundation

/// Scores every row of a folder of recorded signals, knowing only the rows before.
///
/// The folder holds `<set>/<id>.csv` (or `.csv.gz`): a column `timestamp_ms` and one value column for a single signal,
/// several for a group. What is written has one line for each row: `timestamp_ms,score,alert`, the score mapped from
/// 0…∞ to 0…1 so that the alerting line 1.0 becomes 0.5, the alert 1 where somebody would be told.
public struct AnomalyBacktest: Sendable {
  /// How often a day a healthy signal or group may alert; nil for the default of each.
  public var falseAlarmsPerDay: Double?

  /// The detectors by name; the highest of their scores counts. Groups are always judged by the group scorer.
  public var detectors: [String]

  public init(falseAlarmsPerDay: Double? = nil, detectors: [String] = [SignalWatch.auto]) {
    self.detectors = detectors
    self.falseAlarmsPerDay = falseAlarmsPerDay
  }

  /// A recorded signal or group of signals.
  public struct Recording: Sendable {
    public var set: String
    public var id: String
    public var path: String
  }

  /// The recordings under a folder, sorted.
  ///
  /// - Throws: ``BacktestError`` if there are none.
  public static func recordings(in folder: String) throws(BacktestError) -> [Recording] {
    let manager = FileManager.default
    guard let sets = try? manager.contentsOfDirectory(atPath: folder) else {
      throw BacktestError(folder, "is no folder that can be read")
    }
    var found: [Recording] = []
    for set in sets.sorted() {
      let inner = folder + "/" + set
      for file in ((try? manager.contentsOfDirectory(atPath: inner)) ?? []).sorted() {
        guard let end = [".csv.gz", ".csv"].first(where: { file.hasSuffix($0) }) else { continue }
        found.append(Recording(set: set, id: String(file.dropLast(end.count)), path: inner + "/" + file))
      }
    }
    guard !found.isEmpty else { throw BacktestError(folder, "holds no <set>/<id>.csv") }
    return found
  }

  /// One scored row.
  public struct Row: Sendable, Equatable {
    public var timestamp: Int64
    /// The alerting line is 1.0.
    public var score: Double
    public var alert: Bool
    /// Whether the row was held against what is usual, and not only learnt.
    public var isJudged: Bool
  }

  /// Scores one recording.
  ///
  /// - Throws: ``BacktestError`` with file and line.
  public func run(_ recording: Recording) throws(BacktestError) -> [Row] {
    guard let data = FileManager.default.contents(atPath: recording.path) else {
      throw BacktestError(recording.path, "cannot be read")
    }
    var bytes = Array(data)
    if recording.path.hasSuffix(".gz") {
      do {
        bytes = try Gunzip.unpack(bytes, limit: 1 << 30)
      } catch {
        throw BacktestError(recording.path, "\(error)")
      }
    }
    return rows(of: try TimestampedTable(bytes: bytes, path: recording.path))
  }

  /// Scores the rows of a table in their order.
  public func rows(of table: TimestampedTable) -> [Row] {
    // The distance of the first two rows is what a scrape interval would have said.
    let step = table.timestamps.count > 1 ? max(1, table.timestamps[1] - table.timestamps[0]) : 60_000
    let usual =
      table.columns.count == 1 ? AnomalyOptions.defaultFalseAlarmsPerDay : GroupScorer.defaultFalseAlarmsPerDay
    let options = AnomalyOptions(step: step, falseAlarmsPerDay: falseAlarmsPerDay ?? usual)
    var rows: [Row] = []
    rows.reserveCapacity(table.timestamps.count)
    if table.columns.count == 1 {
      var watch = SignalWatch(detectors: detectors, options: options)
      for (timestamp, value) in zip(table.timestamps, table.columns[0]) {
        let judgement = watch.score(value, at: timestamp)
        let verdict = judgement.verdict
        rows.append(
          Row(timestamp: timestamp, score: verdict.score, alert: verdict.alert, isJudged: judgement.isJudged))
      }
    } else {
      var scorer = GroupScorer(signals: table.names, options: options)
      for (index, timestamp) in table.timestamps.enumerated() {
        let verdict = scorer.score(table.columns.map { $0[index] }, at: timestamp)
        rows.append(
          Row(timestamp: timestamp, score: verdict.score, alert: verdict.alert, isJudged: verdict.isWarmedUp))
      }
    }
    return rows
  }

  /// A score between 0 and 1 in which the alerting line is 0.5: s / (1 + s).
  public static func mapped(_ score: Double) -> Double { score / (1 + score) }

  /// Scores a recording and writes `<folder>/<set>/<id>.csv`.
  ///
  /// - Returns: why no row was judged; nil if some were.
  public func run(_ recording: Recording, writingTo folder: String) throws(BacktestError) -> String? {
    let rows = try run(recording)
    var text = "timestamp_ms,score,alert\n"
    for row in rows { text += "\(row.timestamp),\(Self.mapped(row.score)),\(row.alert ? 1 : 0)\n" }
    let inner = folder + "/" + recording.set
    let path = inner + "/" + recording.id + ".csv"
    do {
      try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw BacktestError(path, "cannot be written")
    }
    return WarmUp.remark(samples: rows.count, finite: rows.count, judged: rows.count(where: \.isJudged))
  }
}
