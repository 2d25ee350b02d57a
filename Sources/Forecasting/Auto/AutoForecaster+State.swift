/// What brings an `auto` model back from the history that it stands on: a few hundred bytes for any signal.
///
/// Everything that the model knows follows from the values of its windows, in the order in which they were learnt.
/// Whoever keeps the history elsewhere keeps only this. If the values are the same as before, bit by bit, so are all
/// forecasts; if some have changed or are gone, the model learns what is there, and ``matches(near:far:)`` says so.
public struct AutoRecord: Sendable, Equatable {
  /// Values on one grid.
  public struct Window: Sendable, Equatable {
    /// The milliseconds between two of them.
    public var step: Int64
    /// The time of the newest, in UTC milliseconds.
    public var end: Int64
    /// Their number, missing ones included.
    public var count: Int
    /// How many of them, from the oldest on, were learnt at once.
    var learntAtOnce: Int
    /// What they are kept as distances from; nil if none was learnt, and in records of the first version, whose values
    /// were kept to the last bit.
    var origin: Double?
    /// The power of two that distances are multiplied with.
    var factor = 1.0
    /// A checksum of their bits.
    var checksum: UInt64

    /// The time of the oldest, in UTC milliseconds.
    public var start: Int64 { end &- Int64(max(0, count - 1)) &* step }

    /// The units of the values kept, where they are known.
    var units: (origin: Double, factor: Double)? { origin.map { ($0, factor) } }

    func write(to writer: inout StateWriter) {
      writer.write(step)
      writer.write(end)
      writer.write(count)
      writer.write(learntAtOnce)
      writer.write(origin)
      writer.write(factor)
      writer.write(checksum)
    }

    init(_ mixture: GridMixture, end: Int64) {
      let values = mixture.window
      step = mixture.step
      self.end = end
      count = values.count
      learntAtOnce = mixture.learntAtOnce
      origin = mixture.history.origin
      factor = mixture.history.factor
      checksum = Self.checksum(values, origin: origin, factor: factor)
    }

    init(_ reader: inout StateReader, withOrigin: Bool) throws(ForecastError) {
      step = try reader.readInt64()
      guard (1...1_000_000_000_000).contains(step) else { throw .unreadableState("a step of \(step) ms") }
      end = try reader.readInt64()
      count = try reader.readInt(in: 0...20_000)
      learntAtOnce = try reader.readInt(in: 0...count)
      if withOrigin {
        origin = try reader.readOptionalDouble().flatMap { $0.isFinite ? $0 : nil }
        factor = try reader.readDouble()
        guard factor.isNormal, factor > 0, factor.significand == 1 else {
          throw .unreadableState("a factor of \(factor)")
        }
      }
      checksum = try reader.readUInt64()
    }

    /// FNV-1a (G. Fowler, L. Noll, K.-P. Vo) over 64 bits at a time, of what is kept of the values; all missing values
    /// count as the same.
    static func checksum(_ values: [Double], origin: Double?, factor: Double) -> UInt64 {
      var sum: UInt64 = 0xcbf2_9ce4_8422_2325
      for value in values {
        let kept = origin.map { Double(ObservedHistory.kept(value, origin: $0, factor: factor)) } ?? value
        sum = (sum ^ (value.isFinite ? kept.bitPattern : 1)) &* 0x100_0000_01b3
      }
      return sum
    }
  }

  private static let name = "auto record"
  /// What stands where records of the first version have the step, which is never negative.
  private static let secondVersion: Int64 = -2

  /// The values at the signal's own step.
  public var near: Window
  /// The values on the far grid; nil where there is none.
  public var far: Window?
  var facts: SignalFacts

  /// - Throws: ``ForecastError/unreadableState(_:)``.
  public init(_ bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    try self.init(&reader)
    try reader.readEnd()
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    let first = try reader.readInt64()
    let hasOrigins = first == Self.secondVersion
    facts = try SignalFacts(&reader, step: hasOrigins ? try reader.readInt64() : first)
    near = try Window(&reader, withOrigin: hasOrigins)
    guard near.step == facts.step else { throw .unreadableState("two different steps") }
    if try reader.readBool() {
      guard let ratio = AutoForecaster.farRatio(step: near.step) else { throw .unreadableState("a needless far grid") }
      let window = try Window(&reader, withOrigin: hasOrigins)
      guard window.step == near.step * Int64(ratio) else { throw .unreadableState("a far grid of another step") }
      far = window
    }
    guard (far == nil) == (AutoForecaster.farRatio(step: near.step) == nil) else {
      throw .unreadableState("the far grid is missing")
    }
  }

  init(facts: SignalFacts, near: Window, far: Window?) {
    self.facts = facts
    self.near = near
    self.far = far
  }

  /// The record as bytes, for `init(_:)`.
  public var bytes: [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    write(to: &writer)
    return writer.bytes
  }

  func write(to writer: inout StateWriter) {
    writer.write(Self.secondVersion)
    facts.write(to: &writer)
    near.write(to: &writer)
    writer.write(far != nil)
    far?.write(to: &writer)
  }

  /// Whether these are the very values that the model stood on.
  public func matches(near: [Double], far: [Double]) -> Bool {
    Self.matches(near, self.near) && (self.far.map { Self.matches(far, $0) } ?? true)
  }

  private static func matches(_ values: [Double], _ window: Window) -> Bool {
    values.count == window.count
      && Window.checksum(values, origin: window.origin, factor: window.factor) == window.checksum
  }
}

extension AutoForecaster {
  /// What brings the model back from its history.
  public var record: AutoRecord {
    let farEnd = far.map { facts.end - ((facts.end % $0.step) + $0.step) % $0.step }
    return AutoRecord(
      facts: facts, near: AutoRecord.Window(near, end: facts.end),
      far: far.map { AutoRecord.Window($0, end: farEnd ?? facts.end) })
  }

  /// Brings a model back.
  ///
  /// - Parameters:
  ///   - near: the values from `record.near.start` to `record.near.end`; NaN where missing.
  ///   - far: those from `record.far.start` to `record.far.end`.
  /// - Complexity: as much as a fit, and an update for each value that was not learnt at once.
  public init(_ record: AutoRecord, near nearValues: [Double], far farValues: [Double]) {
    facts = record.facts
    (near, far) = Self.grids(
      step: record.near.step, units: record.near.units, farUnits: record.far?.units)
    Self.replay(nearValues, record.near, into: &near)
    if let window = record.far, var mixture = far {
      Self.replay(farValues, window, into: &mixture)
      mixture.keepErrorQuantiles()
      far = mixture
    }
  }

  private static func replay(_ values: [Double], _ window: AutoRecord.Window, into mixture: inout GridMixture) {
    let atOnce = min(values.count, window.learntAtOnce)
    mixture.learn(values[..<atOnce])
    for value in values[atOnce...] { mixture.update(value) }
  }

  /// The model with its history; to keep only what the history does not hold, see ``record``.
  public func saved() -> [UInt8] {
    var writer = StateWriter(modelName: Self.name)
    record.write(to: &writer)
    writer.write(near.window)
    writer.write(far?.window ?? [])
    return writer.bytes
  }

  public init(restoring bytes: [UInt8]) throws(ForecastError) {
    var reader = StateReader(bytes)
    try reader.readHeader(of: Self.name)
    let record = try AutoRecord(&reader)
    let near = try reader.readDoubles(atMost: 20_000)
    let far = try reader.readDoubles(atMost: 20_000)
    try reader.readEnd()
    guard record.matches(near: near, far: far) else { throw .unreadableState("the history is damaged") }
    self.init(record, near: near, far: far)
  }
}
