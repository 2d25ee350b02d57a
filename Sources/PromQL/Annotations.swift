import TimeSeries

/// The warnings and infos that an evaluation gathers, each once; of several with the same words the last says where.
struct Annotations {
  private var warningsInOrder = Notes()
  private var infosInOrder = Notes()

  /// Texts in the order in which they first came, each with the place of its last coming.
  private struct Notes {
    var texts: [(message: String, place: String)] = []
    private var indices: [String: Int] = [:]

    mutating func add(_ message: String, _ place: String) {
      if let index = indices[message] {
        texts[index].place = place
      } else {
        indices[message] = texts.count
        texts.append((message, place))
      }
    }

    func described(as kind: String) -> [String] { texts.map { "PromQL \(kind): \($0.message) (\($0.place))" } }
  }

  var warnings: [String] { warningsInOrder.described(as: "warning") }

  var infos: [String] { infosInOrder.described(as: "info") }

  /// Adds a warning about the part of the query at `range`.
  mutating func warn(_ message: String, at range: SourceRange) { warningsInOrder.add(message, range.place) }

  /// Adds an info about the part of the query at `range`.
  mutating func inform(_ message: String, at range: SourceRange) { infosInOrder.add(message, range.place) }

  /// Warns of a quantile outside 0...1.
  mutating func checkQuantile(_ quantile: Double, at range: SourceRange) {
    if !(quantile >= 0 && quantile <= 1) {
      warn(
        "quantile value should be between 0 and 1, got \(PrometheusNumber.formatSignificant(quantile))", at: range)
    }
  }
}
