import TimeSeries

/// What is known of a cluster, as rows of series.
struct SeriesRows {
  let cluster: String

  func labels(_ name: String, _ more: [Label] = []) -> Labels {
    Labels([Label(Labels.metricNameLabel, name), Label("rabbitmq_cluster", cluster)] + more)
  }

  func labels(_ name: String, _ queue: QueueKey, _ more: [Label] = []) -> Labels {
    labels(name, [Label("vhost", queue.vhost), Label("queue", queue.name)] + more)
  }

  func rows(
    _ incidents: [Incident], _ fates: [QueueFate], _ block: PublisherBlock
  ) -> [(labels: Labels, value: Double)] {
    incidents.flatMap(rows) + fates.flatMap(rows) + rows(block)
  }

  private func rows(_ incident: Incident) -> [(labels: Labels, value: Double)] {
    let own = [
      Label("type", incident.type.rawValue), Label("severity", incident.level.rawValue.lowercased()),
      Label("object", incident.object), Label("mode", incident.isPredicted ? "predicted" : "actual"),
    ]
    var result = [(labels(OperationsSeries.incident, own), incident.severity)]
    if let time = incident.timeToLimit {
      let which = [Label("type", incident.type.rawValue), Label("object", incident.object)]
      for (q, value) in OperationsSeries.quantiles(time) {
        result.append((labels(OperationsSeries.incidentTime, which + [Label("q", q)]), value))
      }
    }
    return result
  }

  private func rows(_ fate: QueueFate) -> [(labels: Labels, value: Double)] {
    var result = [
      (labels(OperationsSeries.verdict, fate.queue, [Label("verdict", fate.verdict.rawValue)]), 1.0),
      (labels(OperationsSeries.netRate, fate.queue), fate.netRate),
      (labels(OperationsSeries.netRateError, fate.queue), fate.netRateError),
    ]
    if let drain = fate.drain {
      for (q, value) in OperationsSeries.quantiles(drain) {
        result.append((labels(OperationsSeries.drain, fate.queue, [Label("q", q)]), value))
      }
    }
    for (limit, time) in fate.limits {
      for (q, value) in OperationsSeries.quantiles(time) {
        let more = [Label("limit", limit.rawValue), Label("q", q)]
        result.append((labels(OperationsSeries.queueTime, fate.queue, more), value))
      }
    }
    return result
  }

  private func rows(_ block: PublisherBlock) -> [(labels: Labels, value: Double)] {
    var result: [(labels: Labels, value: Double)] = [
      (labels(OperationsSeries.quorumMargin), Double(block.quorumMargin))
    ]
    for (horizon, value) in block.probability {
      result.append((labels(OperationsSeries.blockRisk, [Label("horizon", horizon)]), value))
    }
    if let first = block.first, let time = first.time {
      for (q, value) in OperationsSeries.quantiles(time) {
        result.append((labels(OperationsSeries.blockTime, [Label("q", q)]), value))
      }
    }
    for node in block.nodes {
      let own = [Label("rabbitmq_node", node.node), Label("resource", node.resource.rawValue)]
      for (horizon, value) in node.probability {
        result.append((labels(OperationsSeries.nodeRisk, own + [Label("horizon", horizon)]), value))
      }
      guard let time = node.time else { continue }
      for (q, value) in OperationsSeries.quantiles(time) {
        result.append((labels(OperationsSeries.nodeTime, own + [Label("q", q)]), value))
      }
    }
    return result
  }
}
