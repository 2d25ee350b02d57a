/// The median of the averages of the last time slots: the level of a signal, robust against what lasts less than half
/// of them.
///
/// - Complexity: O(1) per value, O(slots) at the end of a slot. Memory: four bytes a slot.
public struct SlotMedian: Sendable, Hashable {
  /// Milliseconds of one slot.
  public let slotLength: Int64
  private let capacity: Int
  private var slots: [Float] = []
  private var next = 0
  private var slot: Int64 = .min
  private var sum = 0.0
  private var count = 0.0
  /// The median of the finished slots; nil before the first is finished.
  public private(set) var median: Double?

  /// A median over `capacity` slots of `slotLength` milliseconds.
  public init(slotLength: Int64, capacity: Int = 48) {
    self.slotLength = max(slotLength, 1)
    self.capacity = max(capacity, 1)
  }

  /// How many slots are finished and remembered.
  public var slotCount: Int { slots.count }

  /// Takes `value` at `timestamp` (milliseconds) into its slot.
  public mutating func add(_ value: Double, at timestamp: Int64) {
    let current = timestamp / slotLength
    if current != slot {
      if count > 0 { finishSlot() }
      slot = current
    }
    sum += value
    count += 1
  }

  private mutating func finishSlot() {
    let average = Float(sum / count)
    sum = 0
    count = 0
    if slots.count < capacity {
      slots.append(average)
    } else {
      slots[next] = average
    }
    next = (next + 1) % capacity
    let sorted = slots.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? Double(sorted[middle]) : (Double(sorted[middle - 1]) + Double(sorted[middle])) / 2
  }

  func save(to writer: inout StateWriter) {
    writer.write(Int64(slots.count))
    writer.write(slots)
    writer.write(Int64(next))
    writer.write(slot)
    writer.write(sum)
    writer.write(count)
    writer.write(median ?? .nan)
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    let length = Int(try reader.readCount("slots", in: 0...Int64(capacity)))
    slots = try reader.readFloats("slot", count: length)
    next = Int(try reader.readCount("next slot", in: 0...Int64(capacity - 1)))
    slot = try reader.read()
    sum = try reader.readFinite("slot sum")
    count = try reader.readFinite("slot count", atLeast: 0)
    let value = try reader.readDouble()
    median = value.isNaN ? nil : value
  }
}
