import TimeSeries

extension Evaluator {
  /// The labels by which a series finds its info series.
  private static let identifyingLabels: Set<String> = ["instance", "job"]

  /// `info`: adds the data labels of info series such as `target_info` to the series of the first
  /// argument.
  func evaluateInfo(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let base = try evaluateVector(call.arguments[0], grid)
    var nameMatchers = [LabelMatcher(Labels.metricNameLabel, equals: "target_info")]
    var dataMatchers: [String: [LabelMatcher]] = [:]
    if call.arguments.count > 1, case .selector(let selector) = call.arguments[1].unwrapped {
      nameMatchers = selector.matchers.filter { $0.name == Labels.metricNameLabel }
      for matcher in selector.matchers where matcher.name != Labels.metricNameLabel {
        dataMatchers[matcher.name, default: []].append(matcher)
      }
    }
    let isInfo = base.identities.map { identity in
      nameMatchers.contains { $0.accepts(visibleLabels(identity).metricName) }
    }
    var matchers = nameMatchers
    if matchers.isEmpty { matchers.append(LabelMatcher(Labels.metricNameLabel, equals: "target_info")) }
    matchers += dataMatchers.values.flatMap { $0 }
    guard let infos = try infoSeries(base, isInfo, matchers, call.arguments[0], grid) else {
      // Where no series has an identifying label, a selector of names, too, must accept that there is no info.
      if call.arguments.count > 1 && !nameMatchers.isEmpty { dataMatchers[Labels.metricNameLabel] = nameMatchers }
      return try enrich(base, isInfo, SeriesGrid(steps: grid.count), dataMatchers, grid)
    }
    return try enrich(base, isInfo, infos, dataMatchers, grid)
  }

  /// The times of the newest samples of all info series that some base series could belong to; nil if none of these has
  /// an identifying label.
  private func infoSeries(
    _ base: SeriesGrid, _ isInfo: [Bool], _ matchers: [LabelMatcher], _ argument: Expression, _ grid: StepGrid
  ) throws -> SeriesGrid? {
    var values: [String: Set<String>] = [:]
    for row in 0..<base.rows where !isInfo[row] {
      for name in Evaluator.identifyingLabels {
        if let value = base.identities[row].labels[name] { values[name, default: []].insert(value) }
      }
    }
    if values.isEmpty { return nil }
    // The first selector of the argument says which samples there are; they are looked up at the evaluation's times.
    var (start, end) = (grid.start, grid.end)
    if let node = argument.selectors.first {
      if let pin = pinned(node.pinnedTime) { (start, end) = (pin, pin) }
      let shift = try offset(node.offset)
      (start, end) = (start &- shift, end &- shift)
    }
    let series = try select(matchers, from: start &- options.lookback &+ 1, through: end)
    let candidates = series.filter { item in
      values.allSatisfy { name, accepted in accepted.contains(item.labels[name] ?? "") }
    }
    return try lookUp(candidates, at: grid) { timestamp, _ in Double(timestamp) }
  }

  private func enrich(
    _ base: SeriesGrid, _ isInfo: [Bool], _ infos: SeriesGrid, _ dataMatchers: [String: [LabelMatcher]],
    _ grid: StepGrid
  ) throws -> SeriesGrid {
    let projection = LabelProjection(
      names: Array(Evaluator.identifyingLabels) + [Labels.metricNameLabel], keeps: true)
    var candidates: [Labels: [Int]] = [:]
    var names: [String] = []
    for row in 0..<infos.rows {
      let labels = infos.identities[row].labels
      candidates[projection.project(labels, hidesName: false), default: []].append(row)
      if !names.contains(labels.metricName) { names.append(labels.metricName) }
    }
    var newestRows: [Labels: [Int?]] = [:]
    let hasBase = (0..<grid.count).map { step in (0..<base.rows).contains { !base[$0, step].isAbsent } }
    for (key, rows) in candidates {
      newestRows[key] = try (0..<grid.count).map { hasBase[$0] ? try newest(rows, infos, $0) : nil }
    }
    let mayLackInfo = dataMatchers.values.allSatisfy { $0.allSatisfy(\.acceptsEmpty) }
    let keys = base.identities.map { identity in
      names.map {
        projection.project(visibleLabels(identity).setting(Labels.metricNameLabel, to: $0), hidesName: false)
      }
    }
    var builder = GridBuilder(steps: grid.count)
    var cache: [[Int]: SeriesIdentity?] = [:]
    var place = [Int](repeating: 0, count: grid.count)
    for row in 0..<base.rows {
      if row & 63 == 0 { try checkTime() }
      let identity = SeriesIdentity(labels: visibleLabels(base.identities[row]))
      cache.removeAll(keepingCapacity: true)
      for step in 0..<grid.count where !base[row, step].isAbsent {
        // Prometheus 3.5 counts the elements of the step where it means all series: the n-th element gets what belongs to
        // the n-th series.
        let other = place[step]
        place[step] += 1
        if isInfo[other] {
          try builder.set(builder.row(for: identity), step, base[row, step])
          continue
        }
        let chosen = keys[other].compactMap { newestRows[$0]?[step] }
        if cache[chosen] == nil {
          let result = try enriched(identity, chosen.map { infos.identities[$0].labels }, dataMatchers)
          cache[chosen] = .some(result == nil && mayLackInfo ? identity : result)
        }
        if let known = cache[chosen], let result = known {
          try builder.set(builder.row(for: result), step, base[row, step])
        }
      }
    }
    return builder.grid
  }

  /// The row with the newest sample at `step`.
  private func newest(_ rows: [Int], _ infos: SeriesGrid, _ step: Int) throws -> Int? {
    var best: Int?
    for row in rows where !infos[row, step].isAbsent {
      guard let current = best else {
        best = row
        continue
      }
      if infos[row, step] == infos[current, step] {
        let name = infos.identities[row].labels.metricName
        throw QueryError.execution("found duplicate series for info metric \(name)")
      }
      if infos[row, step] > infos[current, step] { best = row }
    }
    return best
  }

  /// The labels with what the info series add; nil if that is nothing.
  private func enriched(_ identity: SeriesIdentity, _ infos: [Labels], _ dataMatchers: [String: [LabelMatcher]]) throws
    -> SeriesIdentity?
  {
    var added: [String: String] = [:]
    for info in infos {
      for label in info.elements where label.name != Labels.metricNameLabel {
        if !dataMatchers.isEmpty && dataMatchers[label.name] == nil { continue }
        if let known = added[label.name], known != label.value {
          throw QueryError.execution("conflicting label: \(label.name)")
        }
        if identity.labels[label.name] == nil { added[label.name] = label.value }
      }
    }
    if added.isEmpty { return nil }
    let labels = Labels(identity.labels.elements + added.map { Label($0.key, $0.value) })
    return SeriesIdentity(labels: labels, dropsName: identity.dropsName)
  }
}
