import PromQL
import TimeSeries

extension JSONWriter {
  /// Writes `[seconds, {count, sum, buckets}]` with the buckets that count something as `[kind, lower, upper, count]`;
  /// the kind says which bounds belong to a bucket: 0 the upper, 1 the lower, 2 none, 3 both.
  mutating func sample(_ timestamp: Int64, _ histogram: FloatHistogram) {
    beginArray()
    seconds(timestamp)
    beginObject()
    key("count")
    string(PrometheusNumber.format(histogram.count))
    key("sum")
    string(PrometheusNumber.format(histogram.sum))
    let buckets = histogram.allBuckets.filter { $0.count != 0 }
    if !buckets.isEmpty {
      key("buckets")
      beginArray()
      for bucket in buckets {
        beginArray()
        integer(bucket.includesLower ? (bucket.includesUpper ? 3 : 1) : bucket.includesUpper ? 0 : 2)
        for number in [bucket.lower, bucket.upper, bucket.count] { string(PrometheusNumber.format(number)) }
        endArray()
      }
      endArray()
    }
    endObject()
    endArray()
  }

  /// Writes the points of a series as `values` and `histograms`, each if there are any.
  mutating func points(of series: SeriesSamples) {
    if series.histograms.isEmpty {
      key("values")
      beginArray()
      for (timestamp, value) in zip(series.timestamps, series.values) { sample(timestamp, value) }
      endArray()
      return
    }
    let points = zip(series.timestamps, series.values)
    if points.contains(where: { HistogramReference.index($1) == nil }) {
      key("values")
      beginArray()
      for (timestamp, value) in points where HistogramReference.index(value) == nil { sample(timestamp, value) }
      endArray()
    }
    key("histograms")
    beginArray()
    for (timestamp, value) in points {
      if let place = HistogramReference.index(value), place < series.histograms.count {
        sample(timestamp, series.histograms[place])
      }
    }
    endArray()
  }
}
