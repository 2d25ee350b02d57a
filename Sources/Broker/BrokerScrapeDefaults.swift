import Collection

/// How to scrape RabbitMQ when nobody has said how.
public enum BrokerScrapeDefaults {
  /// The families of `/metrics/detailed` that forecasts live on: five to ten series per queue, at
  /// a fraction of what the per-object document costs.
  public static let families = [
    "queue_coarse_metrics", "queue_consumer_count", "queue_delivery_metrics", "queue_exchange_metrics",
  ]

  /// The jobs for the nodes of one cluster.
  ///
  /// Three of them: the node's totals and the queues every 15 s, and where the memory goes once a
  /// minute, since the broker walks all its processes for that.
  ///
  /// - Parameters:
  ///   - targets: `host:port` of each node's Prometheus plugin, not of a load balancer: each node
  ///     exposes only what it hosts.
  ///   - scheme: `http` or `https`.
  ///   - interval: The interval of the first two jobs, in milliseconds.
  public static func jobs(
    targets: [String], scheme: String = "http", interval: Int64 = 15_000
  ) -> [ScrapeConfiguration] {
    func job(_ name: String, _ path: String, interval: Int64) -> ScrapeConfiguration {
      var job = ScrapeConfiguration(jobName: name, scrapeInterval: interval)
      job.metricsPath = path
      job.scheme = scheme
      job.staticGroups = [TargetGroup(targets: targets)]
      return job
    }
    var detailed = job("rabbitmq-detailed", "/metrics/detailed", interval: interval)
    detailed.parameters = families.map { QueryParameter("family", $0) }
    return [
      job("rabbitmq", "/metrics", interval: interval),
      detailed,
      job("rabbitmq-memory-breakdown", "/metrics/memory-breakdown", interval: max(60_000, interval)),
    ]
  }
}
