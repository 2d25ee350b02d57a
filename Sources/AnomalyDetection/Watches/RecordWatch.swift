#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How unusual it is that a value is higher, or lower, than all before it.
///
/// Of n exchangeable values the next one is the highest with probability 1/(n + 1), whatever their distribution (A. Rényi,
/// "Théorie des éléments saillants d'une suite d'observations", 1962), so a record says more the longer a signal is
/// known; it needs no scale that an incident could have widened. How far it goes beyond the old record, in tenths of
/// the range between both records, is taken as Pareto distributed with index 3. Records fade towards the
/// usual value with a half-life of thirty days. A signal that grows and grows breaks records all the time: bouts of records
/// beyond the few that chance brings count against the next one.
struct RecordWatch: Sendable, Hashable {
  /// Milliseconds in which the distance of a record to the usual value halves.
  private static let halfLife = 30 * 86_400_000.0
  private static let index = 3.0
  private static let tenth = 10.0
  /// What goes beyond a record by less than this share of the range is none: many signals touch the same bound again and again.
  private static let margin = 0.01
  /// What a value that just reaches a record is worth, as a share of what breaking it is.
  private static let touching = 0.5
  /// Records this many values apart belong to different bouts.
  private static let boutGap = 20.0
  /// As many bouts are left to chance.
  private static let chanceBouts = 4.0
  /// How many values are seen before a record says anything.
  private static let leastCount = 50.0

  /// What is left of a record's distance after a sample.
  private let keep: Double
  private let mostCount: Double
  private var highest = 0.0
  private var lowest = 0.0
  private var count = 0.0
  /// Bouts of records, of which the older half of the time hardly counts, and how many values ago the last record was.
  private var bouts = 0.0
  private var sinceRecord = RecordWatch.boutGap

  /// A watch of a signal that comes every `step` milliseconds.
  init(step: Int64) {
    let memory = Self.halfLife / Double(max(step, 1))
    keep = exp2(-1 / memory)
    mostCount = max(2 * memory, Self.leastCount)
  }

  /// What one value says.
  struct Reading {
    /// The natural logarithm of how often per value such a one is to be expected.
    var logRate: Double
    var side: AnomalyVerdict.Side
  }

  /// Weighs `value` against the records, where `usual` is expected, then learns it; nil until enough was seen. Records
  /// closer to one another than `leastRange` count as that far apart.
  mutating func add(_ value: Double, usual: Double, leastRange: Double) -> Reading? {
    if count == 0 {
      highest = max(value, usual)
      lowest = min(value, usual)
    }
    highest = usual + max(highest - usual, 0) * keep
    lowest = usual - max(usual - lowest, 0) * keep
    let reading = count > Self.leastCount ? weigh(value, usual: usual, leastRange: leastRange) : nil
    count += 1
    highest = max(highest, value)
    lowest = min(lowest, value)
    return reading
  }

  /// The logarithm of how many values there are to a record.
  private var logCount: Double {
    max(log(min(count, mostCount) / (1 + max(bouts - Self.chanceBouts, 0))), 0)
  }

  private mutating func weigh(_ value: Double, usual: Double, leastRange: Double) -> Reading {
    let side: AnomalyVerdict.Side = value > usual ? .above : .below
    let beyond = max(value - highest, lowest - value) / max(highest - lowest, leastRange, 1e-300)
    bouts *= 1 - 2 / min(count, mostCount)
    sinceRecord += 1
    if beyond > Self.margin {
      let reading = Reading(logRate: -logCount - Self.index * log1p(Self.tenth * beyond), side: side)
      if sinceRecord > Self.boutGap {
        bouts += 1
        sinceRecord = 0
      }
      return reading
    }
    // Within the records it falls off fast, so that a score made of it stays graded.
    let reach = value > usual ? highest - usual : usual - lowest
    let share = reach > 0 ? min((value - usual).magnitude / reach, 1) : 0
    return Reading(logRate: -Self.touching * logCount * share * share * share, side: side)
  }

  /// The bounds outside of which the next value would be as rare as exp(`logRate`) times per value; nil until known.
  func bounds(atLogRate logRate: Double, leastRange: Double) -> ClosedRange<Double>? {
    guard count > Self.leastCount else { return nil }
    let beyond = max(expm1(max(-logRate - logCount, 0) / Self.index) / Self.tenth, Self.margin)
    let margin = beyond * max(highest - lowest, leastRange)
    return (lowest - margin)...(highest + margin)
  }

  func save(to writer: inout StateWriter) {
    for number in [highest, lowest, count, bouts, sinceRecord] { writer.write(number) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    highest = try reader.readFinite("highest value")
    lowest = try reader.readFinite("lowest value")
    count = try reader.readFinite("record count", atLeast: 0)
    bouts = try reader.readFinite("bouts of records", atLeast: 0)
    sinceRecord = try reader.readFinite("values since a record", atLeast: 0)
  }
}
