import TimeSeries

extension Evaluator {
  /// `sort`, `sort_desc`, `sort_by_label` and `sort_by_label_desc`, which order instant queries only.
  func evaluateSort(_ call: CallExpression, _ grid: StepGrid) throws -> SeriesGrid {
    var vector = try evaluateVector(call.arguments[0], grid)
    if grid.count > 1 || queryStart != queryEnd {
      annotations.warn(
        "sort is ineffective for range queries since results are always ordered by labels", at: call.range)
      return vector
    }
    if call.function == .sort || call.function == .sortDescending { dropHistograms(&vector) }
    var order = Array(0..<vector.rows)
    switch call.function {
    case .sort: order = stablySorted(order) { Evaluator.precedes(vector.cells[$0], vector.cells[$1]) }
    case .sortDescending: order = stablySorted(order) { Evaluator.precedes(-vector.cells[$0], -vector.cells[$1]) }
    default:
      let names = try call.arguments.dropFirst().map(text)
      let labels = vector.identities.map(visibleLabels)
      let isDescending = call.function == .sortByLabelDescending
      order.sort { left, right in
        let (a, b) = isDescending ? (labels[right], labels[left]) : (labels[left], labels[right])
        for name in names {
          let x = a[name] ?? ""
          let y = b[name] ?? ""
          if x != y { return NaturalOrder.precedes(x, y) }
        }
        return a < b
      }
    }
    var result = SeriesGrid(steps: grid.count)
    result.identities = order.map { vector.identities[$0] }
    result.cells = order.map { vector.cells[$0] }
    return result
  }

  /// Ascending, NaN last.
  private static func precedes(_ a: Double, _ b: Double) -> Bool {
    if a.isNaN { return false }
    return b.isNaN || a < b
  }

  private func stablySorted(_ order: [Int], _ precedes: (Int, Int) -> Bool) -> [Int] {
    order.sorted { precedes($0, $1) || (!precedes($1, $0) && $0 < $1) }
  }
}

/// The order of texts in which runs of digits compare as numbers: `a2` before `a10`.
enum NaturalOrder {
  static func precedes(_ left: String, _ right: String) -> Bool {
    let a = Array(left.utf8)
    let b = Array(right.utf8)
    var i = 0
    var j = 0
    while i < a.count && j < b.count {
      let x = chunk(a, i)
      let y = chunk(b, j)
      if x.elementsEqual(y) {
        i = x.endIndex
        j = y.endIndex
        continue
      }
      guard isDigit(x), isDigit(y) else { return x.lexicographicallyPrecedes(y) }
      let p = x.drop { $0 == UInt8(ascii: "0") }
      let q = y.drop { $0 == UInt8(ascii: "0") }
      if p.count != q.count { return p.count < q.count }
      if !p.elementsEqual(q) { return p.lexicographicallyPrecedes(q) }
      // Equal numbers: the one with fewer leading zeros goes first.
      return x.count < y.count
    }
    return a.count - i < b.count - j
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
