import TimeSeries

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An isolation forest: what is easily told apart from the rest by random cuts is an outlier.
///
/// F. T. Liu, K. M. Ting, Z.-H. Zhou, "Isolation Forest", ICDM 2008: s(x) = 2^(−E[h(x)] / c(n)), with
/// c(n) = 2(ln(n − 1) + γ) − 2(n − 1)/n. Half is ordinary, towards 1 an outlier. The forest depends on its rows and seed
/// alone.
public struct IsolationForest: Sendable {
  /// How many rows a tree is grown from.
  public static let sampleSize = 64
  /// How many trees there are.
  public static let treeCount = 50
  private static let eulerGamma = 0.5772156649015329

  private struct Node: Sendable {
    /// The column that is cut; −1 at a leaf.
    var column: Int32
    var cut: Double
    /// The right child; the left one is the next node.
    var right: Int32
    /// At a leaf: its depth and what its rows would still take.
    var path: Double
  }

  private var nodes: [Node] = []
  private var roots: [Int] = []
  private let normaliser: Double

  /// The mean path length of an unsuccessful search in a binary search tree of `count` rows.
  public static func averagePath(_ count: Int) -> Double {
    if count <= 1 { return 0 }
    if count == 2 { return 1 }
    let number = Double(count)
    return 2 * (log(number - 1) + eulerGamma) - 2 * (number - 1) / number
  }

  /// A forest of `rows`, which have `width` values each, one after the other.
  public init(rows: [Double], width: Int, seed: UInt64 = 42) {
    let count = width > 0 ? rows.count / width : 0
    let sample = min(Self.sampleSize, count)
    normaliser = Self.averagePath(sample)
    guard count > 1 else { return }
    var random = SplitMix64(seed: seed)
    let limit = Int(log2(Double(sample)).rounded(.up))
    for _ in 0..<Self.treeCount {
      var chosen = Array(0..<count)
      for index in 0..<sample { chosen.swapAt(index, index + random.below(count - index)) }
      roots.append(nodes.count)
      grow(Array(chosen.prefix(sample)), rows, width, depth: 0, limit: limit, &random)
    }
  }

  private mutating func grow(
    _ members: [Int], _ rows: [Double], _ width: Int, depth: Int, limit: Int, _ random: inout SplitMix64
  ) {
    let leaf = Node(column: -1, cut: 0, right: 0, path: Double(depth) + Self.averagePath(members.count))
    guard depth < limit, members.count > 1 else {
      nodes.append(leaf)
      return
    }
    let first = random.below(width)
    for offset in 0..<width {
      let column = (first + offset) % width
      var low = Double.infinity
      var high = -Double.infinity
      for member in members {
        low = min(low, rows[member * width + column])
        high = max(high, rows[member * width + column])
      }
      guard low < high else { continue }
      let cut = low + random.uniform() * (high - low)
      let place = nodes.count
      nodes.append(Node(column: Int32(column), cut: cut, right: 0, path: 0))
      grow(members.filter { rows[$0 * width + column] <= cut }, rows, width, depth: depth + 1, limit: limit, &random)
      nodes[place].right = Int32(nodes.count)
      grow(members.filter { rows[$0 * width + column] > cut }, rows, width, depth: depth + 1, limit: limit, &random)
      return
    }
    nodes.append(leaf)
  }

  /// The anomaly score of a row, 0...1.
  ///
  /// - Complexity: O(trees · log of the sample).
  public func score(_ row: [Double]) -> Double {
    guard normaliser > 0, !roots.isEmpty else { return 0.5 }
    var total = 0.0
    for root in roots {
      var place = root
      while nodes[place].column >= 0 {
        let node = nodes[place]
        place = row[Int(node.column)] <= node.cut ? place + 1 : Int(node.right)
      }
      total += nodes[place].path
    }
    return exp2(-total / Double(roots.count) / normaliser)
  }
}
