import TimeSeries

/// Strings that many series have among their labels, each told by a number in the file.
///
/// The bytes of a label set: the number of labels, then for each its name and its value. A string is twice the number of
/// its symbol and one, or twice its length and its UTF-8. Numbers are varints.
struct LabelSymbols: Sendable {
  private var numbers: [ExactText: Int64] = [:]
  private var texts: [Int64: String] = [:]
  private var next: Int64 = 1
  /// What the file is not known to have yet. A number never changes its meaning: what could not be committed is written
  /// again.
  private(set) var unsaved: [(number: Int64, text: String)] = []

  /// A string becomes a symbol when so many of the series that are written at once have it.
  private static let least = 4

  /// A text that is equal only to one of the same bytes: Swift's strings are equal if they look the same, but series are
  /// told apart by bytes.
  private struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }
  }

  var count: Int { texts.count }

  /// Takes over what the file has.
  mutating func restore(_ number: Int64, _ text: String) {
    numbers[ExactText(text)] = number
    texts[number] = text
    next = max(next, number + 1)
  }

  /// Makes symbols of what is frequent in new series, and of all metric names, by which the file finds series.
  mutating func learn(from series: some Sequence<Labels>) {
    var counts: [ExactText: Int] = [:]
    for labels in series {
      for label in labels.elements {
        for text in [ExactText(label.name), ExactText(label.value)] where numbers[text] == nil {
          counts[text, default: 0] += 1
        }
      }
      add(labels.metricName)
    }
    for (text, count) in counts where count >= Self.least { add(text.text) }
  }

  private mutating func add(_ text: String) {
    guard !text.isEmpty, numbers[ExactText(text)] == nil else { return }
    unsaved.append((next, text))
    restore(next, text)
  }

  /// Notes that the file has everything up to now.
  mutating func noteSaved() { unsaved = [] }

  /// Forgets all symbols but those in `used`; returns what the file need not keep either.
  mutating func forget(except used: Set<Int64>) -> [Int64] {
    let kept = used.union(unsaved.map(\.number))
    let gone = texts.keys.filter { !kept.contains($0) }
    for number in gone {
      if let text = texts.removeValue(forKey: number) { numbers[ExactText(text)] = nil }
    }
    return gone
  }

  /// The number by which series of a metric are found; 0 for the empty name, nil for one that no series has.
  func number(of name: String) -> Int64? { name.isEmpty ? 0 : numbers[ExactText(name)] }

  // MARK: Bytes

  func bytes(of labels: Labels) -> [UInt8] {
    var writer = JournalWriter()
    writer.write(UInt64(labels.count))
    for label in labels.elements {
      for text in [label.name, label.value] {
        if let number = numbers[ExactText(text)] {
          writer.write(UInt64(number) << 1 | 1)
        } else {
          writer.write(UInt64(text.utf8.count) << 1)
          writer.writeBytes(of: text)
        }
      }
    }
    return writer.bytes
  }

  /// Reads what ``bytes(of:)`` wrote; nil if it is damaged.
  func labels(_ bytes: UnsafeRawBufferPointer) -> Labels? {
    var reader = JournalReader(bytes)
    guard let count = reader.readVarint(), count <= UInt64(bytes.count) else { return nil }
    var labels: [Label] = []
    labels.reserveCapacity(Int(count))
    for _ in 0..<count {
      guard let name = readText(&reader), let value = readText(&reader) else { return nil }
      labels.append(Label(name, value))
    }
    return Labels(sortedUnique: labels)
  }

  private func readText(_ reader: inout JournalReader) -> String? {
    guard let head = reader.readVarint() else { return nil }
    return head & 1 == 1 ? texts[Int64(head >> 1)] : reader.readText(byteCount: head >> 1)
  }

  /// The symbols that ``bytes(of:)`` used.
  static func numbers(in bytes: UnsafeRawBufferPointer) -> [Int64] {
    var reader = JournalReader(bytes)
    guard let count = reader.readVarint(), count <= UInt64(bytes.count) else { return [] }
    var numbers: [Int64] = []
    for _ in 0..<2 * count {
      guard let head = reader.readVarint() else { break }
      if head & 1 == 1 {
        numbers.append(Int64(head >> 1))
      } else if reader.readText(byteCount: head >> 1) == nil {
        break
      }
    }
    return numbers
  }
}
