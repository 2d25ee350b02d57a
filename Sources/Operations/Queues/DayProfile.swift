/// The greatest value of a signal at each time of day, for recognising what comes every day.
struct DayProfile: Sendable {
  private static let slots = 48
  private let slotLength: Double
  /// The greatest value of each slot, today's or yesterday's, and the number of the slot since the epoch.
  private var greatest: [(slot: Int, value: Double, before: Double?)]

  init(day: Double) {
    slotLength = max(1e-3, day / Double(Self.slots))
    greatest = Array(repeating: (-1, 0, nil), count: Self.slots)
  }

  mutating func append(_ value: Double, at time: Double) {
    let slot = Int((time / slotLength).rounded(.down))
    let index = ((slot % Self.slots) + Self.slots) % Self.slots
    if greatest[index].slot == slot {
      greatest[index].value = max(greatest[index].value, value)
    } else {
      let isYesterday = greatest[index].slot >= 0 && slot - greatest[index].slot <= 7 * Self.slots
      let before = isYesterday ? max(greatest[index].value, greatest[index].before ?? 0) : nil
      greatest[index] = (slot, value, before)
    }
  }

  /// The greatest value of the days before around this time of day; nil if there was no day before.
  func usual(at time: Double) -> Double? {
    let slot = Int((time / slotLength).rounded(.down))
    var result: Double?
    for offset in -1...2 {
      let index = (((slot + offset) % Self.slots) + Self.slots) % Self.slots
      let entry = greatest[index]
      // A slot around now may hold today's value already.
      let isToday = entry.slot > slot - Self.slots / 2
      let value = isToday ? entry.before : (entry.slot >= 0 ? entry.value : nil)
      if let value { result = max(result ?? value, value) }
    }
    return result
  }
}
