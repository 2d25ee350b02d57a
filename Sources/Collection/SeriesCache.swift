import Exposition
import SeriesStore
import TimeSeries

/// What one target's raw series texts stand for, so that a known series costs a hash and a comparison.
///
/// Series are kept in the order in which they first appeared. A target mostly repeats that order, so the entry after
/// the last one is tried first, and the hash table only when that is not it.
struct SeriesCache: Sendable {
  /// What is known of one series text.
  struct Entry: Sendable {
    let hash: UInt64
    /// A second hash of the same bytes: two texts are taken for one only if both hashes and the lengths agree.
    let check: UInt64
    let length: Int
    /// The series in the store; nil if it is dropped.
    var id: SeriesID?
    /// The index of further series under which the value is stored, or -1.
    var more: Int32 = -1
    /// The epoch in which the identities were resolved.
    var epoch: UInt32
    /// The number of the last scrape that had it.
    var seen: UInt32 = 0
    /// Whether the last successful scrape had it, so that its end needs a marker.
    var isAlive = false
    /// Whether it has timestamps of its own.
    var isTimed = false
    /// Whether it was left out because the store was full, rather than by a rule.
    var isRefused = false
  }

  private(set) var entries: [Entry] = []
  private var moreIDs: [[SeriesID]] = []
  /// Indexes into `entries` plus one, by hash; 0 is free.
  private var table: [UInt32]
  private var cursor = 0
  /// The number of entries that are alive.
  private(set) var aliveCount = 0

  private static let checkSeed: UInt64 = 0x9e37_79b9_7f4a_7c15

  init() { table = Array(repeating: 0, count: 1024) }

  /// The index of a series that is known, or nil.
  ///
  /// - Complexity: O(length of the text).
  @inline(__always)
  mutating func find(_ sample: ScannedSample) -> Int? {
    if cursor < entries.count, entries[cursor].hash == sample.hash, matches(cursor, sample) {
      cursor &+= 1
      return cursor &- 1
    }
    return findInTable(sample)
  }

  private mutating func findInTable(_ sample: ScannedSample) -> Int? {
    let mask = table.count &- 1
    var slot = Int(truncatingIfNeeded: sample.hash) & mask
    while table[slot] != 0 {
      let index = Int(table[slot]) &- 1
      if entries[index].hash == sample.hash, matches(index, sample) {
        cursor = index &+ 1
        return index
      }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  @inline(__always)
  private func matches(_ index: Int, _ sample: ScannedSample) -> Bool {
    entries[index].length == sample.series.count
      && entries[index].check == StableHash.hash(sample.series, seed: SeriesCache.checkSeed)
  }

  /// Adds a series that is not known and gives its index.
  mutating func insert(_ sample: ScannedSample, epoch: UInt32) -> Int {
    if (entries.count &+ 1) &* 2 > table.count { rebuildTable(table.count &* 2) }
    let index = entries.count
    entries.append(
      Entry(
        hash: sample.hash, check: StableHash.hash(sample.series, seed: SeriesCache.checkSeed),
        length: sample.series.count, epoch: epoch))
    place(index)
    cursor = index &+ 1
    return index
  }

  /// Notes that scrape number `scrape` has an entry.
  @inline(__always)
  mutating func markSeen(_ index: Int, _ scrape: UInt32, isTimed: Bool) {
    entries[index].seen = scrape
    entries[index].isTimed = isTimed
  }

  /// Ends a scrape: entries that it had are alive, the others are not.
  ///
  /// - Parameters:
  ///   - scrape: the number of the scrape, or nil if it failed and had nothing.
  ///   - end: called with each entry that was alive and no longer is.
  /// - Complexity: O(entries).
  mutating func settle(scrape: UInt32?, _ end: (_ index: Int, _ isTimed: Bool) -> Void) {
    var alive = 0
    for index in entries.indices {
      let isAlive = entries[index].seen == scrape && entries[index].id != nil
      if isAlive {
        alive += 1
      } else if entries[index].isAlive {
        end(index, entries[index].isTimed)
      }
      entries[index].isAlive = isAlive
    }
    aliveCount = alive
  }

  /// Says under which series an entry's values are stored; none drops them.
  mutating func setIDs(_ ids: [SeriesID], of index: Int, epoch: UInt32, isRefused: Bool) {
    entries[index].epoch = epoch
    entries[index].isRefused = isRefused
    entries[index].id = ids.first
    if ids.count > 1 {
      if entries[index].more >= 0 {
        moreIDs[Int(entries[index].more)] = Array(ids.dropFirst())
      } else {
        entries[index].more = Int32(moreIDs.count)
        moreIDs.append(Array(ids.dropFirst()))
      }
    } else if entries[index].more >= 0 {
      moreIDs[Int(entries[index].more)] = []
    }
  }

  /// The series of an entry besides the first.
  @inline(__always)
  func furtherIDs(of index: Int) -> [SeriesID] {
    entries[index].more < 0 ? [] : moreIDs[Int(entries[index].more)]
  }

  /// All series of an entry.
  func ids(of index: Int) -> [SeriesID] {
    guard let first = entries[index].id else { return [] }
    return [first] + furtherIDs(of: index)
  }

  /// Starts a document.
  mutating func rewind() { cursor = 0 }

  /// Forgets series that were not in scrape number `scrape` once they are many.
  mutating func forgetOld(scrape: UInt32) {
    let old = entries.reduce(0) { $0 + ($1.seen != scrape && !$1.isAlive ? 1 : 0) }
    guard old > 1000 + entries.count / 2 else { return }
    var kept: [Entry] = []
    var keptMore: [[SeriesID]] = []
    for var entry in entries where entry.seen == scrape || entry.isAlive {
      if entry.more >= 0 {
        let further = moreIDs[Int(entry.more)]
        entry.more = further.isEmpty ? -1 : Int32(keptMore.count)
        if !further.isEmpty { keptMore.append(further) }
      }
      kept.append(entry)
    }
    entries = kept
    moreIDs = keptMore
    var size = 1024
    while size < entries.count * 2 + 2 { size *= 2 }
    rebuildTable(size)
  }

  private mutating func rebuildTable(_ size: Int) {
    table = Array(repeating: 0, count: size)
    for index in entries.indices { place(index) }
  }

  private mutating func place(_ index: Int) {
    let mask = table.count &- 1
    var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
    while table[slot] != 0 { slot = (slot &+ 1) & mask }
    table[slot] = UInt32(index &+ 1)
  }
}
