/// How densely surprises have come of late, against how densely they usually come.
struct Restlessness: Sendable, Hashable {
  /// What one surprise adds at most, so that a single outlier is none.
  private static let largestSurprise = 1.8

  private let span: Double
  /// How far above its usual range a density is learned at most.
  private let reach: Double
  private var density = 0.0
  private var usual: ExponentialAverage

  /// The density of about the last `span` samples, against that of the last `usualSpan`.
  init(span: Double, usualSpan: Double, reach: Double) {
    self.span = span
    self.reach = reach
    usual = ExponentialAverage(span: usualSpan)
  }

  /// Takes the next surprise (0 for none); returns by how many deviations the density is above the usual one.
  mutating func add(_ surprise: Double) -> Double {
    density += (min(surprise, Self.largestSurprise) - density) * 2 / (span + 1)
    return max((density - usual.mean) / max(usual.deviation, 0.02), 0)
  }

  /// Learns the density as it is now.
  mutating func learn() { usual.add(min(density, usual.mean + 6 * usual.deviation + reach)) }

  func save(to writer: inout StateWriter) {
    writer.write(density)
    usual.save(to: &writer)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    density = try reader.readFinite("density of surprises", atLeast: 0)
    try usual.restore(from: &reader)
  }
}
