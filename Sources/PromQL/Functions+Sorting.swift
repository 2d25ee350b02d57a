import TimeSeries

extension Evaluator {
  /// `sort`, `sort_desc`, `sort_by_label` and `sort_by_label_desc`, which order instant queries only.
  func evaluateSort(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    var vector = try evaluateVector(call.arguments[0], grid)
    if call.function == .sort || call.function == .sortDescending { dropHistograms(&vector) }
    // Series of several steps have no order.
    if grid.count > 1 { return vector }
    var order = Array(0..<vector.rows)
    switch call.function {
    case .sort: order = sorted(order, vector.cells, descending: false)
    case .sortDescending: order = sorted(order, vector.cells, descending: true)
    default:
      let names = try call.arguments.dropFirst().map(text)
      let labels = vector.identities.map(visibleLabels)
      let isDescending = call.function == .sortByLabelDescending
      let isLong = order.count > 12
      sortAsGo(&order) { left, right in
        let (a, b) = (labels[left], labels[right])
        for name in names {
          let (x, y) = (a[name] ?? "", b[name] ?? "")
          // Among many, where Go's order would be anybody's guess, what lacks the label goes first.
          if x != y && isLong && (x.isEmpty || y.isEmpty) { return x.isEmpty != isDescending }
          if x != y { return NaturalOrder.precedes(x, y) != isDescending }
        }
        return isDescending ? b < a : a < b
      }
    }
    var result = SeriesGrid(steps: grid.count)
    result.identities = order.map { vector.identities[$0] }
    result.cells = order.map { vector.cells[$0] }
    return result
  }

  /// Sorts by an order that may contradict itself: a few elements by insertion, as Go's library does.
  private func sortAsGo(_ order: inout [Int], _ precedes: (Int, Int) -> Bool) {
    if order.count > 12 { return order.sort(by: precedes) }
    for index in order.indices {
      var place = index
      while place > 0 && precedes(order[place], order[place - 1]) {
        order.swapAt(place, place - 1)
        place -= 1
      }
    }
  }

  /// The numbers in order, equal ones as they came; then what is not a number, in reverse.
  private func sorted(_ order: [Int], _ cells: [Double], descending: Bool) -> [Int] {
    order.sorted { left, right in
      let (a, b) = (cells[left], cells[right])
      if a.isNaN || b.isNaN { return a.isNaN == b.isNaN ? left > right : b.isNaN }
      if a == b { return left < right }
      return descending ? a > b : a < b
    }
  }
}

/// The order of texts in which runs of digits compare as numbers: `a2` before `a10`.
enum NaturalOrder {
  /// Whether `left` goes before `right`, as the library says that Prometheus sorts labels by.
  ///
  /// It is no strict order: an empty text goes before none, and texts that differ in leading zeros at their end go
  /// before each other.
  static func precedes(_ left: String, _ right: String) -> Bool {
    let a = Array(left.utf8)
    let b = Array(right.utf8)
    var i = 0
    var j = 0
    while i < a.count {
      if j >= b.count { return false }
      let x = chunk(a, i)
      let y = chunk(b, j)
      i = x.endIndex
      j = y.endIndex
      let numbers = (number(x), number(y))
      let isEqual: Bool
      if let p = numbers.0, let q = numbers.1 {
        if p != q { return p < q }
        isEqual = true
      } else {
        isEqual = x.elementsEqual(y)
      }
      if !isEqual { return x.lexicographicallyPrecedes(y) }
      if i == a.count { return true }
      if j == b.count { return false }
    }
    return false
  }

  private static func number(_ chunk: ArraySlice<UInt8>) -> Int? {
    isDigit(chunk) ? Int(String(decoding: chunk, as: UTF8.self)) : nil
  }

  private static func isDigit(_ chunk: ArraySlice<UInt8>) -> Bool { chunk.first.map(isDigit) ?? false }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  /// The run of digits, or of other bytes, from `start`.
  private static func chunk(_ bytes: [UInt8], _ start: Int) -> ArraySlice<UInt8> {
    let kind = isDigit(bytes[start])
    var end = start + 1
    while end < bytes.count && isDigit(bytes[end]) == kind { end += 1 }
    return bytes[start..<end]
  }
}
