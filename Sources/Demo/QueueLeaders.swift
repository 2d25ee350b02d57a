import TimeSeries

/// Which node leads which queue.
///
/// The recordings hold the queues of the whole cluster and the totals of each node. For the queues
/// of the built-in recordings the leaders follow from these: the totals of a node are the sums over
/// the queues that it leads. Any other queue goes to a node by a hash of its name.
struct QueueLeaders: Sendable {
  /// The index of the leading node, from the totals in the built-in recordings.
  private static let known: [String: Int] = [
    "orders.0": 0, "orders.1": 1, "orders.2": 2, "orders.3": 0,
    "payments.0": 0, "payments.1": 1, "payments.2": 2,
    "invoices": 1, "email": 1, "slowjobs": 0, "bulk": 1, "audit": 2, "dead-letters": 0, "events": 0,
  ]

  let nodeCount: Int

  /// The index of the node that leads `queue`.
  func leader(of queue: String) -> Int {
    guard nodeCount > 0 else { return 0 }
    if let known = Self.known[queue], known < nodeCount { return known }
    return Int(StableHash.hash(queue) % UInt64(nodeCount))
  }
}
