import PromQL
import TimeSeries

/// How results of unit tests are shown, in the form of promtool.
enum UnitTestText {
  /// A number in Go's shortest form with exponent: `1E+00`.
  static func number(_ value: Double) -> String {
    if !value.isFinite { return GoFormat.float(value) }
    return GoFormat.scientific(value).uppercased()
  }

  /// Labels in braces, the metric name among them as `__name__`.
  static func labels(_ labels: [Label]) -> String {
    let parts = labels.map { label in
      let name = Labels.isClassicLabelName(label.name) ? label.name : Labels.quoted(label.name)
      return "\(name)=\(Labels.quoted(label.value))"
    }
    return "{" + parts.joined(separator: ", ") + "}"
  }

  /// Samples in one line; `nil` if there are none.
  static func samples(_ samples: [UnitTestSample]) -> String {
    samples.isEmpty ? "nil" : samples.map(\.description).joined(separator: ", ")
  }

  /// Alerts, one below the other.
  static func alerts(_ alerts: [AlertText]) -> String {
    if alerts.isEmpty { return "[]" }
    let parts = alerts.enumerated().map { index, alert in
      "\(index):" + indented("\nLabels:\(labels(alert.labels))\nAnnotations:\(labels(alert.annotations))", by: 2)
    }
    return "[\n" + parts.joined(separator: ",\n") + "\n]"
  }

  /// `text` with all lines but the first moved to the right.
  static func indented(_ text: String, by spaces: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\n" + String(repeating: " ", count: spaces))
  }

  /// Both lists as one JSON document; what is missing is green, what is too much red, what differs yellow.
  static func difference(expected: [AlertText], got: [AlertText]) -> String {
    let (green, red, yellow, end) = ("\u{1b}[0;32m", "\u{1b}[0;31m", "\u{1b}[0;33m", "\u{1b}[0m")
    func object(_ name: String, _ left: [Label]?, _ right: [Label]?) -> String {
      var lines: [String] = []
      for key in Set((left ?? []).map(\.name) + (right ?? []).map(\.name)).sorted() {
        let (old, new) = (left?.first { $0.name == key }?.value, right?.first { $0.name == key }?.value)
        let head = Labels.quoted(key) + ": "
        switch (old, new) {
        case (let old?, let new?) where old == new: lines.append(head + Labels.quoted(old))
        case (let old?, let new?):
          lines.append(head + yellow + Labels.quoted(old) + " => " + Labels.quoted(new) + end)
        case (let old?, nil): lines.append(red + head + Labels.quoted(old) + end)
        case (nil, let new?): lines.append(green + head + Labels.quoted(new) + end)
        case (nil, nil): break
        }
      }
      let body = lines.isEmpty ? "{}" : "{\n            " + lines.joined(separator: ",\n            ") + "\n        }"
      return "        \(Labels.quoted(name)): " + body
    }
    let rows = (0..<max(expected.count, got.count)).map { index in
      let left = index < expected.count ? expected[index] : nil
      let right = index < got.count ? got[index] : nil
      return "    {\n" + object("Annotations", left?.annotations, right?.annotations) + ",\n"
        + object("Labels", left?.labels, right?.labels) + "\n    }"
    }
    return "[\n" + rows.joined(separator: ",\n") + "\n]"
  }
}

/// A sample with labels, as expected or as found.
struct UnitTestSample: Sendable, CustomStringConvertible {
  var labels: Labels
  var value: Double
  /// The value if it is a native histogram.
  var histogram: FloatHistogram?

  var description: String {
    let text = histogram.map(HistogramNotation.format) ?? UnitTestText.number(value)
    return "\(UnitTestText.labels(labels.elements)) \(text)"
  }

  /// Whether the values are the same number; NaN is not the same as anything.
  func equals(_ other: UnitTestSample, fuzzily: Bool) -> Bool {
    guard labels == other.labels else { return false }
    // Histograms are the same if they read the same, hints included.
    if histogram != nil || other.histogram != nil {
      return histogram.map(HistogramNotation.format) == other.histogram.map(HistogramNotation.format)
    }
    return value == other.value || (fuzzily && (value.nextDown == other.value || value.nextUp == other.value))
  }
}
