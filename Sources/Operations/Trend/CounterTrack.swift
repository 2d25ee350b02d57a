/// The recent values of a counter, for its rate: a counter that falls has restarted.
public struct CounterTrack: Sendable {
  private var points: [(time: Double, total: Double)] = []
  private var lastValue: Double?
  private let capacity: Int

  public init(capacity: Int = 64) { self.capacity = capacity }

  /// Takes the counter's value at `time`, in seconds.
  public mutating func append(_ value: Double, at time: Double) {
    if let last = points.last, last.time >= time { return }
    let increase = lastValue.map { value >= $0 ? value - $0 : value } ?? 0
    lastValue = value
    points.append((time, (points.last?.total ?? 0) + increase))
    if points.count > capacity { points.removeFirst() }
  }

  /// The increase over the last `seconds`, or over as much of them as is known; nil with fewer than two values there.
  public func increase(over seconds: Double) -> Double? {
    span(seconds).map { $0.last.total - $0.first.total }
  }

  /// The increase a second over the last `seconds`; nil with fewer than two values there.
  public func rate(over seconds: Double) -> Double? {
    span(seconds).map { ($0.last.total - $0.first.total) / ($0.last.time - $0.first.time) }
  }

  private func span(
    _ seconds: Double
  ) -> (first: (time: Double, total: Double), last: (time: Double, total: Double))? {
    guard let last = points.last, let first = points.first(where: { $0.time >= last.time - seconds - 1e-6 }),
      first.time < last.time
    else { return nil }
    return (first, last)
  }
}
