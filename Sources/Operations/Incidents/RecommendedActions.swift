/// What to do about each type, most useful first. The runbooks have the details.
enum RecommendedActions {
  static func actions(for type: IncidentType) -> [String] {
    switch type {
    case .memoryLeak:
      [
        "See where the memory is: rabbitmq-diagnostics memory_breakdown.",
        "If channels or connections grow, close those of the leaking client: DELETE /api/connections/{name}.",
        "If a backlog grows, bring its consumers back or limit it by an operator policy (overflow first, then max-length).",
        "Do not raise the watermark: that trades a block of publishers for a killed node.",
      ]
    case .highQueueDepth:
      [
        "Add consumers, or find out what slows those that are there (their database, their downstream service).",
        "If publishers run away, limit the queue by an operator policy with overflow reject-publish.",
        "Do not purge before the owner of the messages agrees: purging has no way back.",
      ]
    case .nodeUnresponsive:
      [
        "Look at the node itself: is the process there, is the machine, was it killed for memory?",
        "Before any restart: GET /api/health/checks/node-is-quorum-critical on the other nodes must be 200.",
        "Restart the one node (rabbitmq-upgrade drain, stop, start), never two at once.",
      ]
    case .connectionStorm:
      [
        "Find the client: GET /api/connections sorted by user and address; deploys and restarts first.",
        "Limit it: PUT /api/user-limits/{user}/max-connections, above its legitimate peak.",
        "Close what is left over with a delay: rabbitmqctl close_all_connections --limit N --per-connection-delay 50.",
      ]
    case .diskFull:
      [
        "Find what grows: the data folder, logs, crash dumps, or something else on the volume.",
        "If a queue grows, bring its consumers back; for streams, set max-age by a policy.",
        "Enlarge the volume. A file that is deleted while open frees nothing.",
      ]
    case .networkPartition:
      [
        "Repair the network between the nodes; do not restart nodes to heal a partition.",
        "From 4.3 on, or with Khepri: wait until the nodes have caught up.",
        "With Mnesia (up to 4.2): when the network is whole, restart the node on the smaller side.",
      ]
    case .consumerFailure:
      [
        "Restart or scale the consumers of the affected queues; look at their last log lines and deploys.",
        "If they are there but do not acknowledge, close their connections: their messages are delivered again.",
        "If the same messages come back again and again, move them aside: set a delivery-limit with a dead-letter exchange.",
      ]
    case .performanceDegradation:
      [
        "Look at CPU (throttling, steal) and disk latency of the nodes first.",
        "See what is new: more connections, a deep queue, a rebalance, a backup on the same disk.",
        "Move leaders off a slow node: rabbitmq-queues rebalance quorum.",
      ]
    }
  }
}
