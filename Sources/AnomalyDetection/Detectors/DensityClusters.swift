/// Density-based clusters: DBSCAN.
///
/// M. Ester et al., "A Density-Based Algorithm for Discovering Clusters in Large Spatial Databases with Noise", KDD 1996.
/// A row with at least `leastCount` rows (itself included) within `radius` is a core row; what no core row reaches is noise.
public struct DensityClusters: Sendable, Hashable {
  /// The cluster of each row, from 0 on in the order of its first row; −1 is noise.
  public let labels: [Int]
  private let cores: [Double]
  private let width: Int
  private let radius: Double

  /// Clusters of `rows`, which have `width` values each, one after the other.
  ///
  /// - Complexity: O(rows² · width).
  public init(rows: [Double], width: Int, radius: Double = 0.5, leastCount: Int = 5) {
    let count = width > 0 ? rows.count / width : 0
    self.width = width
    self.radius = radius
    var neighbours: [[Int]] = []
    for row in 0..<count {
      neighbours.append(
        (0..<count).filter { Self.square(rows, row * width, rows, $0 * width, width) <= radius * radius })
    }
    var labels = [Int](repeating: -1, count: count)
    var next = 0
    for row in 0..<count where labels[row] < 0 && neighbours[row].count >= leastCount {
      var open = [row]
      labels[row] = next
      while let member = open.popLast() {
        guard neighbours[member].count >= leastCount else { continue }
        for other in neighbours[member] where labels[other] < 0 {
          labels[other] = next
          open.append(other)
        }
      }
      next += 1
    }
    self.labels = labels
    cores = (0..<count).filter { neighbours[$0].count >= leastCount }.flatMap {
      rows[($0 * width)..<(($0 + 1) * width)]
    }
  }

  /// A radius for `rows`, which have `width` values each: all but the share `noise` of them have `leastCount` rows (themselves
  /// included) within it. The heuristic of the authors of DBSCAN, section 4.2: the sorted distances to the k-th neighbour.
  ///
  /// - Complexity: O(rows² · width).
  public static func radius(rows: [Double], width: Int, leastCount: Int = 5, noise: Double) -> Double {
    let count = width > 0 ? rows.count / width : 0
    guard count >= leastCount, leastCount > 0 else { return 0 }
    var farthest: [Double] = []
    var nearest = [Double](repeating: 0, count: leastCount)
    for row in 0..<count {
      var known = 0
      for other in 0..<count {
        let distance = square(rows, row * width, rows, other * width, width)
        guard known < leastCount || distance < nearest[leastCount - 1] else { continue }
        var place = known < leastCount ? known : leastCount - 1
        while place > 0, nearest[place - 1] > distance {
          nearest[place] = nearest[place - 1]
          place -= 1
        }
        nearest[place] = distance
        known = min(known + 1, leastCount)
      }
      farthest.append(nearest[leastCount - 1])
    }
    farthest.sort()
    return farthest[min(max(Int((Double(count) * (1 - noise)).rounded(.up)) - 1, 0), count - 1)].squareRoot()
  }

  /// The distance of a row to the nearest core row in radii: above 1 it is noise; infinite if there is no core.
  public func distance(_ row: [Double]) -> Double {
    var least = Double.infinity
    for start in stride(from: 0, to: cores.count, by: max(width, 1)) {
      least = min(least, Self.square(row, 0, cores, start, width))
    }
    return least.squareRoot() / radius
  }

  private static func square(_ a: [Double], _ first: Int, _ b: [Double], _ second: Int, _ width: Int) -> Double {
    var sum = 0.0
    for offset in 0..<width {
      let difference = a[first + offset] - b[second + offset]
      sum += difference * difference
    }
    return sum
  }
}
