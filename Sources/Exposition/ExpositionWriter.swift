import TimeSeries

/// A rendered metrics page, and what could not go on it.
public struct RenderedExposition: Sendable, Hashable {
  /// The document.
  public var bytes: [UInt8]
  /// Families left out whole: without a legal name, or in conflict with a family of another type.
  public var droppedFamilies: Int
  /// Samples left out: those of dropped families, duplicates, and names or labels that cannot be written.
  public var droppedSamples: Int
}

/// Renders metric families as a document of the negotiated format.
///
/// The document is always whole and legal: families in order of name, each once, its series together, sorted and
/// without duplicates. What cannot be written is left out and counted.
public struct ExpositionWriter: Sendable {
  /// Format, version and escaping.
  public let negotiation: ExpositionNegotiation

  public init(_ negotiation: ExpositionNegotiation = .plainText) {
    self.negotiation = negotiation
  }

  /// Renders `families`, given in any order. Families of the same name and type are merged.
  ///
  /// - Complexity: O(*n* log *n*) for *n* samples; O(*n*) if those of each family are sorted already.
  public func render(_ families: [MetricFamily]) -> RenderedExposition {
    var page = RenderedExposition(bytes: [], droppedFamilies: 0, droppedSamples: 0)
    var plans: [FamilyPlan] = []
    plans.reserveCapacity(families.count)
    for family in families {
      if let plan = FamilyPlan(family, negotiation) { plans.append(plan) } else { page.drop(family) }
    }
    let order = plans.indices.sorted { (plans[$0].headName, $0) < (plans[$1].headName, $1) }
    var lines = FamilyLines(negotiation)
    var takenNames: Set<String> = []
    var next = 0
    while next < order.count {
      let first = plans[order[next]]
      var group = [first]
      next += 1
      while next < order.count, plans[order[next]].headName == first.headName {
        let other = plans[order[next]]
        if first.canBeMerged(with: other) { group.append(other) } else { page.drop(other.family) }
        next += 1
      }
      // Families of different names may still share a series name: a gauge `x_count` and a histogram `x`.
      let names = Set(group.flatMap(\.sampleNames).map(\.written)).union([first.headName])
      guard takenNames.isDisjoint(with: names) else {
        for plan in group { page.drop(plan.family) }
        continue
      }
      takenNames.formUnion(names)
      page.droppedSamples += lines.collect(group)
      lines.write(first, to: &page.bytes)
    }
    if negotiation.format == .openMetrics { page.bytes.append(contentsOf: "# EOF\n".utf8) }
    return page
  }
}

extension RenderedExposition {
  fileprivate mutating func drop(_ family: MetricFamily) {
    droppedFamilies += 1
    droppedSamples += family.samples.count
  }
}
