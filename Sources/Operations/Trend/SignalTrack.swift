/// The recent past of one signal on several time scales: every tick for minutes, means of 4, 16, 64 and 256 ticks for
/// hours and days.
///
/// Each scale keeps the least and the greatest value too, so that a saw keeps its envelope.
public struct SignalTrack: Sendable {
  /// A stretch of the signal.
  public struct Point: Sendable, Equatable {
    /// The middle of the stretch, in seconds.
    public var time: Double
    public var mean: Double
    public var minimum: Double
    public var maximum: Double
  }

  /// How many points each scale keeps.
  static let pointsPerScale = 48
  static let scales = 5
  static let ratio = 4

  /// The points of each scale, oldest first.
  public private(set) var levels: [[Point]]
  private var pending: [[Point]]

  public init() {
    levels = Array(repeating: [], count: Self.scales)
    pending = Array(repeating: [], count: Self.scales)
  }

  /// Takes the value at `time`, in seconds; times must increase.
  ///
  /// - Complexity: O(1) amortised.
  public mutating func append(_ value: Double, at time: Double) {
    if let last = levels[0].last, last.time >= time { return }
    add(Point(time: time, mean: value, minimum: value, maximum: value), level: 0)
  }

  private mutating func add(_ point: Point, level: Int) {
    levels[level].append(point)
    if levels[level].count > Self.pointsPerScale { levels[level].removeFirst() }
    guard level + 1 < Self.scales else { return }
    pending[level].append(point)
    guard pending[level].count == Self.ratio else { return }
    let merged = pending[level]
    pending[level].removeAll(keepingCapacity: true)
    let count = Double(Self.ratio)
    add(
      Point(
        time: merged.reduce(0) { $0 + $1.time } / count, mean: merged.reduce(0) { $0 + $1.mean } / count,
        minimum: merged.reduce(.infinity) { min($0, $1.minimum) },
        maximum: merged.reduce(-.infinity) { max($0, $1.maximum) }),
      level: level + 1)
  }

  /// The newest value.
  public var last: Point? { levels[0].last }

  /// The oldest stretch that is still known.
  public var oldest: Point? { levels.compactMap(\.first).min { $0.time < $1.time } }
  /// When the signal was first seen, as far as it is still known, in seconds.
  public var firstTime: Double? { oldest?.time }

  /// The greatest value before `time`, on any scale.
  public func maximum(before time: Double) -> Double? {
    levels.flatMap { $0.lazy.filter { $0.time < time }.map(\.maximum) }.max()
  }

  /// The median of the means of the last `count` ticks, `skipping` the newest.
  public func median(last count: Int, skipping: Int = 0) -> Double? {
    Self.median(levels[0].dropLast(skipping).suffix(count).map(\.mean))
  }

  /// The median over everything known but the newest `skipping` ticks: the longest scale that has eight points there,
  /// else single ticks.
  public func baseline(skipping: Int) -> Double? {
    guard let cut = levels[0].dropLast(skipping).last?.time else { return nil }
    for level in levels.reversed() {
      let older = level.filter { $0.time <= cut }
      if older.count >= 8 { return Self.median(older.map(\.mean)) }
    }
    return Self.median(levels[0].dropLast(skipping).map(\.mean))
  }

  static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
