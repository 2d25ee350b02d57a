import TimeSeries

/// Which labels of a series count: for groups of an aggregation or for matching two vectors.
///
/// Keys are hashes of the labels that count, computed without building a label set.
struct LabelProjection {
  /// Sorted, unique.
  let names: [String]
  /// Whether ``names`` are the labels that count, rather than those that do not.
  let keeps: Bool

  init(names: [String], keeps: Bool) {
    var sorted = Set(names)
    // Leaving labels out leaves out the metric name too.
    if !keeps { sorted.insert(Labels.metricNameLabel) }
    self.names = sorted.sorted()
    self.keeps = keeps
  }

  /// All labels, the metric name among them, but one.
  init(allBut name: String) {
    names = [name]
    keeps = false
  }

  @inline(__always)
  private func counts(_ name: String, hidesName: Bool) -> Bool {
    if hidesName && MetadataLabels.contains(name) { return false }
    for candidate in names where candidate == name { return keeps }
    return !keeps
  }

  /// The key of a label set.
  func key(_ labels: Labels, hidesName: Bool) -> UInt64 {
    if keeps && names.isEmpty { return 0 }
    var hash: UInt64 = 1
    for label in labels.elements where counts(label.name, hidesName: hidesName) {
      hash = StableHash.hash(label.name, seed: hash)
      hash = StableHash.hash(label.value, seed: hash)
    }
    return hash
  }

  /// The labels that count.
  func project(_ labels: Labels, hidesName: Bool) -> Labels {
    if keeps && names.isEmpty { return .empty }
    return Labels(sortedUnique: labels.elements.filter { counts($0.name, hidesName: hidesName) })
  }

  /// Whether two label sets agree in the labels that count.
  private func agree(_ left: SeriesIdentity, _ right: SeriesIdentity, isEager: Bool) -> Bool {
    if keeps && names.isEmpty { return true }
    let a = left.labels.elements
    let b = right.labels.elements
    let hidesA = isEager && left.dropsName
    let hidesB = isEager && right.dropsName
    var i = 0
    var j = 0
    while true {
      while i < a.count, !counts(a[i].name, hidesName: hidesA) { i += 1 }
      while j < b.count, !counts(b[j].name, hidesName: hidesB) { j += 1 }
      if i == a.count || j == b.count { return i == a.count && j == b.count }
      if a[i] != b[j] { return false }
      i += 1
      j += 1
    }
  }

  /// Numbers label sets by what counts in them; the same number for the same key.
  struct Numbering {
    let projection: LabelProjection
    /// Whether names that are to be dropped are gone already.
    let isEager: Bool
    private var ordinals: [UInt64: Int] = [:]
    /// The first label set of every number.
    private(set) var representatives: [SeriesIdentity] = []

    init(_ projection: LabelProjection, isEager: Bool) {
      self.projection = projection
      self.isEager = isEager
    }

    var count: Int { representatives.count }

    /// The number of `identity`.
    mutating func ordinal(of identity: SeriesIdentity) -> Int {
      var key = projection.key(identity.labels, hidesName: isEager && identity.dropsName)
      while let ordinal = ordinals[key] {
        if projection.agree(representatives[ordinal], identity, isEager: isEager) { return ordinal }
        // Two different label sets with one hash: look one place further.
        key &+= 1
      }
      ordinals[key] = representatives.count
      representatives.append(identity)
      return representatives.count - 1
    }

    /// The labels that count of number `ordinal`.
    func labels(of ordinal: Int) -> Labels {
      let identity = representatives[ordinal]
      return projection.project(identity.labels, hidesName: isEager && identity.dropsName)
    }
  }
}
