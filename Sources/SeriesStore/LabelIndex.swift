import TimeSeries

/// The inverted index: for every label name and value the series that carry it.
struct LabelIndex {
  /// name → value → ids, ascending because ids only grow.
  private(set) var postings: [String: [String: [UInt32]]] = [:]

  mutating func insert(_ labels: Labels, id: UInt32) {
    for label in labels.elements {
      postings[label.name, default: [:]][label.value, default: []].append(id)
    }
  }

  /// Removes every id for which `isEvicted` holds.
  ///
  /// - Complexity: O(all postings); called once for many evictions.
  mutating func removeAll(where isEvicted: (UInt32) -> Bool) {
    for (name, values) in postings {
      var kept = values
      for (value, ids) in values {
        let rest = ids.filter { !isEvicted($0) }
        if rest.count != ids.count { kept[value] = rest.isEmpty ? nil : rest }
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
          if let ids = values[literal] { lists.append(ids) }
        }
      } else {
        for (value, ids) in values where matcher.accepts(value) { lists.append(ids) }
      }
      let size = lists.reduce(0) { $0 + $1.count }
      if size == 0 { return [] }
      if let current = best, current.count <= size { continue }
      best = lists.count == 1 ? lists[0] : lists.joined().sorted()
    }
    return best
  }
}
