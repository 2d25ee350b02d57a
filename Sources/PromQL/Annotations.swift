import TimeSeries

/// The warnings and infos that an evaluation gathers, each once.
struct Annotations {
  private(set) var warnings: [String] = []
  private(set) var infos: [String] = []
  private var seen: Set<String> = []
  private var repairs: [MonotonicityRepair] = []

  /// Buckets of one histogram_quantile call that were not monotonic.
  private struct MonotonicityRepair {
    var metricName: String
    var place: String
    var firstTime: Int64
    var lastTime: Int64
    var smallestBucket: Double
    var largestBucket: Double
    var largestDifference: Double
    var count: Int
  }

  /// Adds a warning about the part of the query at `range`.
  mutating func warn(_ message: String, at range: SourceRange) {
    let text = "PromQL warning: \(message) (\(range.place))"
    if seen.insert(text).inserted { warnings.append(text) }
  }

  /// Adds an info about the part of the query at `range`.
  mutating func inform(_ message: String, at range: SourceRange) {
    let text = "PromQL info: \(message) (\(range.place))"
    if seen.insert(text).inserted { infos.append(text) }
  }

  /// Warns of a quantile outside 0...1.
  mutating func checkQuantile(_ quantile: Double, at range: SourceRange) {
    if !(quantile >= 0 && quantile <= 1) {
      warn(
        "quantile value should be between 0 and 1, got \(PrometheusNumber.formatSignificant(quantile))", at: range)
    }
  }

  /// Tells that the buckets of a histogram had to be made monotonic at `time`.
  mutating func addRepair(_ repair: HistogramQuantile.Repair, metricName: String, time: Int64, at range: SourceRange) {
    if let index = repairs.firstIndex(where: { $0.metricName == metricName && $0.place == range.place }) {
      repairs[index].firstTime = min(repairs[index].firstTime, time)
      repairs[index].lastTime = max(repairs[index].lastTime, time)
      repairs[index].smallestBucket = min(repairs[index].smallestBucket, repair.smallestBucket)
      repairs[index].largestBucket = max(repairs[index].largestBucket, repair.largestBucket)
      repairs[index].largestDifference = max(repairs[index].largestDifference, repair.largestDifference)
      repairs[index].count += 1
    } else {
      repairs.append(
        MonotonicityRepair(
          metricName: metricName, place: range.place, firstTime: time, lastTime: time,
          smallestBucket: repair.smallestBucket, largestBucket: repair.largestBucket,
          largestDifference: repair.largestDifference, count: 1))
    }
  }

  /// All infos, those about histograms last.
  var allInfos: [String] {
    infos
      + repairs.map { repair in
        let name = repair.metricName.isEmpty ? "" : " for metric name \(Labels.quoted(repair.metricName))"
        let buckets =
          "from buckets \(PrometheusNumber.formatSignificant(repair.smallestBucket)) "
          + "to \(PrometheusNumber.formatSignificant(repair.largestBucket))"
        let difference = PrometheusNumber.formatSignificant(repair.largestDifference, digits: 2)
        let times = "from \(CivilTime.format(repair.firstTime)) to \(CivilTime.format(repair.lastTime))"
        return "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
          + "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)\(name), "
          + "\(buckets), with a max diff of \(difference), over \(repair.count) samples \(times) (\(repair.place))"
      }
  }
}
