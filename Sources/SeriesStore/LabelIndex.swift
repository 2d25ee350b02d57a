import TimeSeries

/// The inverted index: for every label name and value the series that carry it.
struct LabelIndex {
  /// The series of one label value, ascending because ids only grow. Most values have one series, which needs no array.
  struct Postings {
    private let first: UInt32
    /// All ids, the first among them; empty if that is the only one.
    private var several: [UInt32] = []

    init(_ first: UInt32) { self.first = first }

    /// Nil if there is none.
    init?(_ ids: [UInt32]) {
      guard let first = ids.first else { return nil }
      self.first = first
      if ids.count > 1 { several = ids }
    }

    var ids: [UInt32] { several.isEmpty ? [first] : several }
    var count: Int { max(1, several.count) }

    mutating func append(_ id: UInt32) {
      if several.isEmpty { several.append(first) }
      several.append(id)
    }
  }

  /// name → value → ids.
  private(set) var postings: [String: [String: Postings]] = [:]

  mutating func insert(_ labels: Labels, id: UInt32) {
    for label in labels.elements { Self.insert(id, label, into: &postings[label.name, default: [:]]) }
  }

  private static func insert(_ id: UInt32, _ label: Label, into values: inout [String: Postings]) {
    guard let place = values.index(forKey: label.value) else {
      values[label.value] = Postings(id)
      return
    }
    values.values[place].append(id)
  }

  /// The same labels made of the strings that are here already.
  func interned(_ labels: Labels) -> Labels {
    Labels(
      sortedUnique: labels.elements.map { label in
        guard let name = postings.index(forKey: label.name) else { return label }
        let values = postings[name].value
        return Label(
          Self.same(postings[name].key, as: label.name),
          values.index(forKey: label.value).map { Self.same(values[$0].key, as: label.value) } ?? label.value)
      })
  }

  /// Swift's strings are equal if they look the same, but series are told apart by bytes.
  private static func same(_ known: String, as text: String) -> String {
    known.utf8.elementsEqual(text.utf8) ? known : text
  }

  /// Removes every id for which `isEvicted` holds.
  ///
  /// - Complexity: O(all postings); called once for many evictions.
  mutating func removeAll(where isEvicted: (UInt32) -> Bool) {
    for (name, values) in postings {
      var kept = values
      for (value, postings) in values {
        let rest = postings.ids.filter { !isEvicted($0) }
        if rest.count == postings.count { continue }
        kept[value] = Postings(rest)
      }
      postings[name] = kept.isEmpty ? nil : kept
    }
  }

  /// The ids that can match all of `matchers`, from the most selective matcher that must have a
  /// value; nil if no matcher narrows anything, so that every series is a candidate.
  func candidates(_ matchers: [LabelMatcher]) -> [UInt32]? {
    var best: [UInt32]?
    for matcher in matchers where !matcher.acceptsEmpty {
      guard let values = postings[matcher.name] else { return [] }
      var lists: [[UInt32]] = []
      if let literals = matcher.literalValues {
        for literal in Set(literals) {
          if let postings = values[literal] { lists.append(postings.ids) }
        }
      } else {
        for (value, postings) in values where matcher.accepts(value) { lists.append(postings.ids) }
      }
      let size = lists.reduce(0) { $0 + $1.count }
      if size == 0 { return [] }
      if let current = best, current.count <= size { continue }
      best = lists.count == 1 ? lists[0] : lists.joined().sorted()
    }
    return best
  }
}
