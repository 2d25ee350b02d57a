import RemoteWrite
import SeriesStore

/// The series behind the label sets that senders have written, found by key.
///
/// Senders mostly repeat the order of their series from request to request, so the entry after the last one is tried
/// first: then a series costs one comparison of memory that is already at hand. The table needs no hash function: keys
/// are hashes, with a seed that nobody else knows.
struct KnownSeries: Sendable {
  private struct Entry: Sendable {
    var key: DecodedWriteRequest.Key
    var id: SeriesID
  }

  private var entries: [Entry] = []
  /// Indexes into `entries` plus one; 0 is free. A power of two, at least twice as long as `entries`.
  private var table = [UInt32](repeating: 0, count: 64)
  private var cursor = 0

  var count: Int { entries.count }

  /// The series of a key; nil if it is not known.
  ///
  /// - Complexity: O(1).
  @inline(__always)
  mutating func find(_ key: DecodedWriteRequest.Key) -> SeriesID? {
    if cursor < entries.count, entries[cursor].key == key {
      cursor &+= 1
      return entries[cursor &- 1].id
    }
    return findInTable(key)
  }

  private mutating func findInTable(_ key: DecodedWriteRequest.Key) -> SeriesID? {
    let index = Int(table[slot(of: key)]) - 1
    guard index >= 0 else { return nil }
    cursor = index + 1
    return entries[index].id
  }

  /// The slot that has the key, or the free one where it belongs.
  private func slot(of key: DecodedWriteRequest.Key) -> Int {
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: key.low) & mask
    while table[slot] != 0, entries[Int(table[slot]) - 1].key != key { slot = (slot + 1) & mask }
    return slot
  }

  /// Remembers a key, or says what it stands for now.
  mutating func insert(_ key: DecodedWriteRequest.Key, _ id: SeriesID) {
    if (entries.count + 1) * 2 > table.count { grow() }
    let place = slot(of: key)
    if table[place] != 0 {
      entries[Int(table[place]) - 1].id = id
    } else {
      entries.append(Entry(key: key, id: id))
      table[place] = UInt32(entries.count)
    }
  }

  mutating func removeAll() { self = KnownSeries() }

  private mutating func grow() {
    table = [UInt32](repeating: 0, count: table.count * 2)
    for (index, entry) in entries.enumerated() { table[slot(of: entry.key)] = UInt32(index + 1) }
  }
}
