import TimeSeries

/// What of a source is in the store already, as it is kept over restarts.
struct BackfillState: Sendable, Equatable {
  /// By the hash of a query's text.
  var covered: [UInt64: BackfillSpans] = [:]
  /// When this server ran and so collected the present itself.
  var alive = BackfillSpans()

  private static let firstLine = "harecast backfill 1"

  static func hash(_ query: String) -> UInt64 { StableHash.hash(query, seed: 0) }

  /// The key under which the state of a source is kept; another step makes other timestamps and so another state.
  static func key(_ configuration: BackfillConfiguration) -> String {
    let hash = StableHash.hash("\(configuration.url) \(configuration.step)", seed: 0)
    return "backfill/" + String(hash, radix: 16)
  }

  /// What need not be asked of a query: what was fetched, and when this server ran after that.
  func covered(_ query: String) -> BackfillSpans {
    guard var spans = covered[Self.hash(query)] else { return BackfillSpans() }
    spans.insert(alive)
    return spans
  }

  init() {}

  /// Reads what ``encoded`` wrote; nil if it is anything else, and then all is asked again.
  init?(_ bytes: [UInt8]) {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.first == Self.firstLine[...] else { return nil }
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard let word = words.first, words.count % 2 == 1 else { return nil }
      var spans = BackfillSpans()
      for index in stride(from: 1, to: words.count, by: 2) {
        guard let start = Int64(words[index]), let end = Int64(words[index + 1]), start >= 0, start < end,
          end < 1 << 53
        else { return nil }
        spans.insert(BackfillSpan(start: start, end: end))
      }
      if word == "alive" {
        alive = spans
      } else if let hash = UInt64(word, radix: 16) {
        covered[hash] = spans
      } else {
        return nil
      }
    }
  }

  /// The state as lines of text.
  var encoded: [UInt8] {
    var text = Self.firstLine + "\n"
    func line(_ word: String, _ spans: BackfillSpans) {
      text += word
      for span in spans.spans { text += " \(span.start) \(span.end)" }
      text += "\n"
    }
    line("alive", alive)
    for (hash, spans) in covered.sorted(by: { $0.key < $1.key }) { line(String(hash, radix: 16), spans) }
    return Array(text.utf8)
  }
}
