import Foundation
import TimeSeries

/// Answers of the query API as promtool prints them.
enum QueryText {
  /// The lines of a query's value; an empty one if it is empty.
  static func value(_ data: Any) -> [String] {
    let lines = lines(of: data)
    return lines.isEmpty ? [""] : lines
  }

  private static func lines(of data: Any) -> [String] {
    guard let answer = data as? [String: Any], let result = answer["result"] else { return [] }
    switch answer["resultType"] as? String {
    case "scalar":
      return point(result).map { ["scalar: \($0.value) @[\($0.time)]"] } ?? []
    case "string": return point(result).map { [$0.value] } ?? []
    case "matrix":
      return objects(result).map { series in
        let values = ((series["values"] ?? series["histograms"]) as? [Any] ?? []).compactMap(point)
        return "\(metric(series["metric"])) =>\n" + values.map { "\($0.value) @[\($0.time)]" }.joined(separator: "\n")
      }
    default:
      return objects(result).compactMap { element in
        point(element["value"] ?? element["histogram"] ?? []).map {
          "\(metric(element["metric"])) => \($0.value) @[\($0.time)]"
        }
      }
    }
  }

  /// One line for each series.
  static func series(_ data: Any) -> [String] {
    (data as? [[String: String]] ?? []).map { pairs in
      let parts = pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\(Labels.quoted($0.value))" }
      return "{" + parts.joined(separator: ", ") + "}"
    }
  }

  /// One line for each name.
  static func names(_ data: Any) -> [String] { data as? [String] ?? [] }

  private static func objects(_ list: Any) -> [[String: Any]] { list as? [[String: Any]] ?? [] }

  private static func metric(_ labels: Any?) -> String {
    Labels((labels as? [String: String] ?? [:]).map { Label($0.key, $0.value) }).description
  }

  /// A time and a value, as text.
  private static func point(_ pair: Any) -> (time: String, value: String)? {
    guard let pair = pair as? [Any], pair.count == 2, let time = (pair[0] as? NSNumber)?.doubleValue else { return nil }
    if let value = pair[1] as? String { return (QueryTime.format(time), value) }
    guard let histogram = pair[1] as? [String: Any] else { return nil }
    let buckets = (histogram["buckets"] as? [[Any]] ?? []).compactMap { bucket -> String? in
      guard bucket.count == 4, let rule = (bucket[0] as? NSNumber)?.intValue else { return nil }
      let (open, close) = (rule == 1 || rule == 3 ? "[" : "(", rule == 0 || rule == 3 ? "]" : ")")
      return "\(open)\(bucket[1]),\(bucket[2])\(close):\(bucket[3])"
    }
    let parts = ["Count:\(histogram["count"] ?? "")", "Sum:\(histogram["sum"] ?? "")"] + buckets
    return (QueryTime.format(time), parts.joined(separator: ", "))
  }
}
