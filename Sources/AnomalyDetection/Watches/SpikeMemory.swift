/// Remembers how large the surprises of each time of day were on the last two days.
///
/// A job that runs every night at two surprises every night at two; what came twice at a time of day, give or take one
/// bin, is expected there.
struct SpikeMemory: Sendable, Hashable {
  private static let day: Int64 = 86_400_000
  /// A surprise is a logarithm, and sixty times the usual deviations are four.
  private static let unit = 1 / 1024.0
  private let binCount: Int
  private let offset: Int64
  /// Surprises in units of `unit`.
  private var yesterday: [UInt16]
  private var dayBefore: [UInt16]
  private var bin = -1
  private var largest = 0.0
  /// The bin before and its largest surprise.
  private var left = -1
  private var largestLeft = 0.0
  /// The surprise that is expected at the bin under way.
  private(set) var expected = 0.0

  init(binLength: Int64, offset: Int64) {
    self.offset = offset
    binCount = Int(min(max(Self.day / max(binLength, 1), 1), 96))
    yesterday = [UInt16](repeating: 0, count: binCount)
    dayBefore = yesterday
  }

  /// Moves to the time of `timestamp`.
  mutating func advance(to timestamp: Int64) {
    var within = timestamp.addingReportingOverflow(offset).partialValue % Self.day
    if within < 0 { within += Self.day }
    let newBin = min(Int(Double(within) / Double(Self.day) * Double(binCount)), binCount - 1)
    if newBin == bin { return }
    // What a bin saw today is put in front of yesterday's only when its neighbour has passed too, so that the edge of a bin
    // hides nothing.
    if left >= 0 {
      dayBefore[left] = yesterday[left]
      yesterday[left] = UInt16(min(largestLeft / Self.unit, Double(UInt16.max)))
    }
    left = bin
    largestLeft = largest
    bin = newBin
    largest = 0
    var one: UInt16 = 0
    var two: UInt16 = 0
    for distance in -1...1 {
      let near = (newBin + distance + binCount) % binCount
      one = max(one, yesterday[near])
      two = max(two, dayBefore[near])
    }
    expected = Double(min(one, two)) * Self.unit
  }

  mutating func add(_ surprise: Double) { if surprise > largest { largest = surprise } }

  func save(to writer: inout StateWriter) {
    for surprise in yesterday + dayBefore { writer.write(surprise) }
    for place in [bin, left] { writer.write(Int16(place)) }
    for surprise in [largest, largestLeft, expected] { writer.write(surprise) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    for index in yesterday.indices { yesterday[index] = try reader.read() }
    for index in dayBefore.indices { dayBefore[index] = try reader.read() }
    bin = try readBin(from: &reader)
    left = try readBin(from: &reader)
    largest = try reader.readFinite("largest surprise", atLeast: 0)
    largestLeft = try reader.readFinite("largest surprise", atLeast: 0)
    expected = try reader.readFinite("expected surprise", atLeast: 0)
  }

  private func readBin(from reader: inout StateReader) throws(AnomalyStateError) -> Int {
    let place = reader.offset
    let bin = Int(try reader.read(Int16.self))
    guard (-1..<binCount).contains(bin) else { throw .implausible(field: "bin", offset: place) }
    return bin
  }
}
