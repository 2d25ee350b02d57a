/// The medians of windows of values: of the two in the middle of an even number the lower.
enum RollingMedians {
  /// Writes for each position the median of the newest values up to there.
  ///
  /// The values are sorted once; a window is then a set of ranks, and its middle moves by one rank or two from one
  /// position to the next.
  ///
  /// - Parameters:
  ///   - medians: room for `count` values.
  ///   - width: how many values a window has, or fewer at the beginning.
  /// - Complexity: O(n log n).
  static func fill(_ medians: UnsafeMutablePointer<Double>, _ values: UnsafePointer<Double>, count: Int, width: Int) {
    guard count > 0, width > 0 else { return }
    let order = order(values, count: count)
    var ranks = [Int32](repeating: 0, count: count)
    for (rank, position) in order.enumerated() { ranks[Int(position)] = Int32(rank) }
    var window = RankSet(capacity: count)
    var middle = Int(ranks[0])
    // How many ranks of the window lie below the middle.
    var below = 0
    for position in 0..<count {
      let rank = Int(ranks[position])
      window.insert(rank)
      if rank < middle { below += 1 }
      if position >= width {
        let oldest = Int(ranks[position - width])
        window.remove(oldest)
        if oldest < middle { below -= 1 }
        if oldest == middle {
          if let next = window.next(after: middle) {
            middle = next
          } else if let previous = window.previous(before: middle) {
            middle = previous
            below -= 1
          }
        }
      }
      let wanted = (min(position + 1, width) - 1) / 2
      while below < wanted, let next = window.next(after: middle) {
        middle = next
        below += 1
      }
      while below > wanted, let previous = window.previous(before: middle) {
        middle = previous
        below -= 1
      }
      medians[position] = values[Int(order[middle])]
    }
  }

  /// The median of the newest values, or of 288 to 575 of them, evenly apart, where the window is wider: no other is worth
  /// its time.
  ///
  /// - Parameter count: more than 0.
  /// - Complexity: O(1), by C. A. R. Hoare's selection (1961).
  static func newest(_ values: UnsafePointer<Double>, count: Int, width: Int) -> Double {
    let apart = max(1, width / 288)
    let size = (min(count, width) + apart - 1) / apart
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { window in
      for index in 0..<size { window.initializeElement(at: index, to: values[count - 1 - index * apart]) }
      let wanted = (size - 1) / 2
      var (low, high) = (0, size - 1)
      while low < high {
        let pivot = window[(low + high) / 2]
        var (left, right) = (low, high)
        while left <= right {
          while window[left] < pivot { left += 1 }
          while window[right] > pivot { right -= 1 }
          guard left <= right else { break }
          window.swapAt(left, right)
          left += 1
          right -= 1
        }
        if wanted <= right {
          high = right
        } else if wanted >= left {
          low = left
        } else {
          break
        }
      }
      return window[wanted]
    }
  }

  /// The positions of the values in ascending order.
  private static func order(_ values: UnsafePointer<Double>, count: Int) -> [UInt32] {
    let origin = values[0]
    // Sorted as integers: the bits of a number in its order, and behind them its position.
    var keys = (0..<count).map { position in
      let bits = Float(values[position] - origin).bitPattern
      let ordered = bits >> 31 == 1 ? ~bits : bits | 1 << 31
      return UInt64(ordered) << 32 | UInt64(position)
    }
    keys.sort()
    return keys.map { UInt32(truncatingIfNeeded: $0) }
  }
}

/// A set of small numbers in which neighbours are found quickly.
private struct RankSet {
  private var words: [UInt64]

  init(capacity: Int) { words = [UInt64](repeating: 0, count: capacity / 64 + 1) }

  mutating func insert(_ rank: Int) { words[rank >> 6] |= 1 << UInt64(rank & 63) }
  mutating func remove(_ rank: Int) { words[rank >> 6] &= ~(1 << UInt64(rank & 63)) }

  func next(after rank: Int) -> Int? {
    var index = rank >> 6
    // Shifted twice, since a shift by 64 is none.
    var word = words[index] & ((~0 << UInt64(rank & 63)) << 1)
    while word == 0 {
      index += 1
      guard index < words.count else { return nil }
      word = words[index]
    }
    return index << 6 + word.trailingZeroBitCount
  }

  func previous(before rank: Int) -> Int? {
    var index = rank >> 6
    var word = words[index] & ~(~0 << UInt64(rank & 63))
    while word == 0 {
      index -= 1
      guard index >= 0 else { return nil }
      word = words[index]
    }
    return index << 6 + 63 - word.leadingZeroBitCount
  }
}
