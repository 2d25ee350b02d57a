/// Keeps account of which signals have how much to do with what a group shows, which way they went and since when.
///
/// Whatever statistic is unusual at a moment names its signals: scores their own signal, a distance the parts that the signals
/// have in its square (`MahalanobisDistance.parts(into:sides:)`). As long as an incident lasts, the moments of late count most,
/// and moments that show nothing change nothing.
struct GroupAttribution: Sendable, Hashable {
  /// What is left of a moment at the next one that shows something.
  private static let keep = 0.8
  /// A signal is named from this share of the most involved one on.
  private static let leastShare = 0.1
  /// The share of a signal's evidence that must agree on a side.
  private static let leastLean = 0.3
  /// Milliseconds after which a signal that shows something again has begun anew.
  private static let pause: Int64 = 3_600_000

  private var involved: [Double]
  /// The same with the sign of the side on which the signal lay.
  private var leaning: [Double]
  private var since: [Int64?]
  private var lastNamed: [Int64]
  /// The moment under way.
  private var now: [Double]
  private var nowLeaning: [Double]

  init(count: Int) {
    involved = [Double](repeating: 0, count: count)
    leaning = involved
    since = [Int64?](repeating: nil, count: count)
    lastNamed = [Int64](repeating: 0, count: count)
    now = involved
    nowLeaning = involved
  }

  /// Takes into account what one statistic says of the moment.
  ///
  /// - Parameters:
  ///   - parts: each signal's part in the statistic; below zero counts as none.
  ///   - sides: above zero where the signal lies above what is usual, below where below; 0 if no side applies.
  ///   - weight: how much the statistic counts, above zero.
  mutating func weigh(_ parts: [Double], sides: [Double], weight: Double) {
    var total = 0.0
    for part in parts where part > 0 { total += part }
    guard total > 0, total.isFinite else { return }
    for index in parts.indices where parts[index] > 0 {
      let share = weight * parts[index] / total
      now[index] += share
      if sides[index] != 0 { nowLeaning[index] += sides[index] < 0 ? -share : share }
    }
  }

  /// Ends the moment: it counts if it `isUnusual`; all is forgotten if not and no incident `isUnderWay`.
  mutating func conclude(isUnusual: Bool, isUnderWay: Bool, at timestamp: Int64) {
    defer {
      for index in now.indices {
        now[index] = 0
        nowLeaning[index] = 0
      }
    }
    guard isUnusual else {
      if !isUnderWay { forget() }
      return
    }
    let most = now.max() ?? 0
    for index in now.indices {
      involved[index] = involved[index] * Self.keep + now[index]
      leaning[index] = leaning[index] * Self.keep + nowLeaning[index]
      guard now[index] > 0, now[index] >= Self.leastShare * most else { continue }
      if since[index] == nil || timestamp - lastNamed[index] > Self.pause { since[index] = timestamp }
      lastNamed[index] = timestamp
    }
  }

  private mutating func forget() {
    for index in involved.indices where involved[index] > 0 || since[index] != nil {
      involved[index] = 0
      leaning[index] = 0
      since[index] = nil
    }
  }

  /// One signal that has to do with it.
  struct Part: Hashable {
    var index: Int
    /// The parts of all that are named add up to 1.
    var share: Double
    var side: AnomalyVerdict.Side?
    var since: Int64?
  }

  /// The signals to be named, the most involved first.
  var parts: [Part] {
    let most = involved.max() ?? 0
    guard most > 0 else { return [] }
    let named = involved.indices.filter { involved[$0] >= Self.leastShare * most }
    var total = 0.0
    for index in named { total += involved[index] }
    return named.map { index in
      let lean = leaning[index] / involved[index]
      let side: AnomalyVerdict.Side? = lean.magnitude < Self.leastLean ? nil : lean < 0 ? .below : .above
      return Part(index: index, share: involved[index] / total, side: side, since: since[index])
    }.sorted { $0.share == $1.share ? $0.index < $1.index : $0.share > $1.share }
  }
}

extension GroupAttribution {
  func save(to writer: inout StateWriter) {
    writer.write(involved)
    writer.write(leaning)
    for index in since.indices {
      writer.write(since[index] != nil)
      writer.write(since[index] ?? 0)
      writer.write(lastNamed[index])
    }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    for index in involved.indices { involved[index] = try reader.readFinite("involvement", atLeast: 0) }
    leaning = try reader.readFinites("side of a signal", count: leaning.count)
    for index in since.indices {
      let isKnown = try reader.readBool("since")
      let start: Int64 = try reader.read()
      since[index] = isKnown ? start : nil
      lastNamed[index] = try reader.read()
    }
  }
}
