import Exposition
import TimeSeries

/// One series of the user's own history, as a query gave it.
public struct RecordedSeries: Sendable {
  public var labels: Labels
  /// UTC milliseconds, ascending.
  public var timestamps: [Int64]
  /// One value for each timestamp.
  public var values: [Double]

  public init(labels: Labels, timestamps: [Int64], values: [Double]) {
    self.labels = labels
    self.timestamps = timestamps
    self.values = values
  }

  /// The series with the largest mean magnitude, at most `limit`, in the order of their labels.
  public static func busiest(_ limit: Int, of all: [RecordedSeries]) -> [RecordedSeries] {
    func activity(_ series: RecordedSeries) -> Double {
      let finite = series.values.filter(\.isFinite)
      return finite.isEmpty ? -1 : finite.reduce(0) { $0 + $1.magnitude / Double(finite.count) }
    }
    let ranked = all.map { (series: $0, activity: activity($0)) }.sorted {
      $0.activity != $1.activity ? $0.activity > $1.activity : $0.series.labels < $1.series.labels
    }
    return ranked.prefix(limit).map(\.series).sorted { $0.labels < $1.labels }
  }
}

extension TimestampedTable {
  /// The columns as series; rows without a value are left out.
  ///
  /// The head of a column is the name of its series, or the series as Prometheus writes it, with one label at most:
  /// commas end a column.
  public var recordedSeries: [RecordedSeries] {
    zip(names, columns).map { name, values in
      let rows = values.indices.filter { values[$0].isFinite }
      return RecordedSeries(
        labels: Self.labels(name), timestamps: rows.map { timestamps[$0] },
        values: rows.map { values[$0] })
    }
  }

  private static func labels(_ head: String) -> Labels {
    let plain = Labels([Label(Labels.metricNameLabel, head)])
    guard head.contains("{") else { return plain }
    // The format wants a name before the braces.
    let isNameless = head.hasPrefix("{")
    let bytes = Array((isNameless ? "unnamed" + head : head).utf8)
    let labels = bytes.withUnsafeBytes { try? SeriesText.labels(of: $0, format: .text) }
    return labels.map { isNameless ? $0.withoutMetricName : $0 } ?? plain
  }

  /// The median distance of two rows in milliseconds; nil if there are not two.
  public var usualStep: Int64? {
    let distances = zip(timestamps.dropFirst(), timestamps).map { $0 - $1 }.sorted()
    return distances.isEmpty ? nil : max(1, distances[distances.count / 2])
  }
}
