import TimeSeries

extension Evaluator {
  /// The labels by which a series finds its info series.
  private static let identifyingLabels: Set<String> = ["instance", "job"]

  /// `info`: adds the data labels of info series such as `target_info` to the series of the first
  /// argument.
  func evaluateInfo(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    let base = try evaluateVector(call.arguments[0], grid)
    var nameMatchers: [LabelMatcher] = []
    var dataMatchers: [String: [LabelMatcher]] = [:]
    if call.arguments.count > 1, case .selector(let selector) = call.arguments[1].unwrapped {
      for matcher in selector.matchers {
        if matcher.name == Labels.metricNameLabel {
          nameMatchers.append(matcher)
        } else {
          dataMatchers[matcher.name, default: []].append(matcher)
        }
      }
    }
    nameMatchers = try Evaluator.effectiveNameMatchers(nameMatchers)
    let isInfo = base.identities.map { identity in
      nameMatchers.allSatisfy { $0.accepts(visibleLabels(identity)[Labels.metricNameLabel] ?? "") }
    }
    let infos = try infoSeries(
      base, isInfo, nameMatchers + dataMatchers.values.flatMap { $0 }, call.arguments[0], grid)
    return try enrich(base, isInfo, infos, dataMatchers, grid)
  }

  private static func effectiveNameMatchers(_ matchers: [LabelMatcher]) throws -> [LabelMatcher] {
    if matchers.isEmpty { return [LabelMatcher(Labels.metricNameLabel, equals: "target_info")] }
    if matchers.contains(where: { $0.operation == .equal || $0.operation == .matches }) { return matchers }
    return [try LabelMatcher(Labels.metricNameLabel, .matches, ".+_info")] + matchers
  }

  /// The times of the newest samples of all info series that some base series could belong to.
  private func infoSeries(
    _ base: SeriesGrid, _ isInfo: [Bool], _ matchers: [LabelMatcher], _ argument: Expression, _ grid: StepGrid
  ) throws -> SeriesGrid {
    var values: [String: Set<String>] = [:]
    for row in 0..<base.rows where !isInfo[row] {
      for name in Evaluator.identifyingLabels {
        if let value = base.identities[row].labels[name] { values[name, default: []].insert(value) }
      }
    }
    if values.isEmpty { return SeriesGrid(steps: grid.count) }
    let (pinned, shift) = try governingTime(of: argument)
    let times = shifted(grid, by: shift, pinned: pinned)
    let series = try select(matchers, from: times.start &- options.lookback &+ 1, through: times.end)
    let candidates = series.filter { item in
      values.allSatisfy { name, accepted in accepted.contains(item.labels[name] ?? "") }
    }
    return try lookUp(candidates, at: times) { timestamp, _ in Double(timestamp) }
  }

  /// The `@` time and offset of the first selector in `expression`, those of the subqueries around it
  /// included.
  private func governingTime(of expression: Expression) throws -> (pinned: Int64?, offset: Int64) {
    var expression = expression
    var pinnedTime: Int64?
    var total: Int64 = 0
    while true {
      switch expression {
      case .selector(let node):
        let own = try offset(node.offset)
        if let pin = pinned(node.pinnedTime) { return (pin, own) }
        return (pinnedTime, total &+ own)
      case .matrix(let node): expression = .selector(node.selector)
      case .subquery(let node):
        // An inner @ makes what lies further out irrelevant, an outer one holds until then.
        let shift = try offset(node.offset)
        if let pin = pinned(node.pinnedTime) {
          pinnedTime = pin
          total = shift
        } else {
          total &+= shift
        }
        expression = node.expression
      default:
        guard let next = expression.children.first(where: { !$0.selectors.isEmpty }) else { return (nil, 0) }
        expression = next
      }
    }
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
    let mayLackInfo = dataMatchers.values.allSatisfy { $0.allSatisfy(\.acceptsEmpty) }
    var builder = GridBuilder(steps: grid.count)
    for row in 0..<base.rows {
      if row & 63 == 0 { try checkTime() }
      let identity = SeriesIdentity(
        labels: visibleLabels(base.identities[row]), dropsName: !isEager && base.identities[row].dropsName)
      if isInfo[row] {
        try builder.add(base.cells[base.range(row)], as: identity)
        continue
      }
      let keys = names.map {
        projection.project(identity.labels.setting(Labels.metricNameLabel, to: $0), hidesName: false)
      }
      var cache: [[Int]: SeriesIdentity?] = [:]
      for step in 0..<grid.count where !base[row, step].isAbsent {
        let chosen = try keys.compactMap { try newest(candidates[$0] ?? [], infos, step) }
        if cache[chosen] == nil {
          cache[chosen] = .some(
            chosen.isEmpty && !mayLackInfo
              ? nil : try enriched(identity, chosen.map { infos.identities[$0].labels }, dataMatchers))
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
        let time = Int64(infos[row, step])
        throw QueryError.execution(
          "found duplicate series for info metric: existing \(infos.identities[current].labels) @ \(time), "
            + "new \(infos.identities[row].labels) @ \(time)")
      }
      if infos[row, step] > infos[current, step] { best = row }
    }
    return best
  }

  private func enriched(_ identity: SeriesIdentity, _ infos: [Labels], _ dataMatchers: [String: [LabelMatcher]]) throws
    -> SeriesIdentity
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
    if added.isEmpty { return identity }
    let labels = Labels(identity.labels.elements + added.map { Label($0.key, $0.value) })
    return SeriesIdentity(labels: labels, dropsName: identity.dropsName)
  }
}
