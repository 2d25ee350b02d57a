/// The series in memory by id, in pages, so that a look-up is two loads and churn frees what it leaves behind.
///
/// Ids only grow and are never used again.
struct SeriesTable {
  private static let pageBits: UInt32 = 9
  private static let pageSize = 1 << 9

  private final class Page {
    var slots = [MemorySeries?](repeating: nil, count: SeriesTable.pageSize)
    var used = 0
  }

  private var pages: [Page?] = []
  /// The number of series.
  private(set) var count = 0

  @inline(__always)
  subscript(id: UInt32) -> MemorySeries? {
    let page = Int(id >> Self.pageBits)
    guard page < pages.count else { return nil }
    return pages[page]?.slots[Int(id) & (Self.pageSize - 1)]
  }

  mutating func insert(_ series: MemorySeries, id: UInt32) {
    let index = Int(id >> Self.pageBits)
    while pages.count <= index { pages.append(nil) }
    let page = pages[index] ?? Page()
    pages[index] = page
    if page.slots[Int(id) & (Self.pageSize - 1)] == nil {
      page.used += 1
      count += 1
    }
    page.slots[Int(id) & (Self.pageSize - 1)] = series
  }

  mutating func remove(_ id: UInt32) {
    let index = Int(id >> Self.pageBits)
    guard index < pages.count, let page = pages[index], page.slots[Int(id) & (Self.pageSize - 1)] != nil else { return }
    page.slots[Int(id) & (Self.pageSize - 1)] = nil
    page.used -= 1
    count -= 1
    if page.used == 0 { pages[index] = nil }
  }

  /// Calls `body` with every series, in the order of ids.
  func forEach(_ body: (UInt32, MemorySeries) -> Void) {
    for (index, page) in pages.enumerated() {
      guard let page else { continue }
      for (slot, series) in page.slots.enumerated() {
        if let series { body(UInt32((index << Int(Self.pageBits)) + slot), series) }
      }
    }
  }
}
