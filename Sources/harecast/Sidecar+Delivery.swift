import Delivery
import Exposition
import HTTPAPI
import HTTPFetch
import Logging
import SeriesStore
import Settings
import TimeSeries

/// A configuration that asks for what the way of starting does not allow.
struct StartError: Error, CustomStringConvertible {
  let description: String
}

extension Sidecar {
  /// The deliveries that a configuration asks for, each with its queue in the store's file.
  ///
  /// - Throws: ``StartError`` if there is no file to keep a queue in; `StoreError`.
  static func deliveries(
    _ configuration: HarecastConfiguration, store: SeriesStore, hasFile: Bool, recorded: RecordedMetrics,
    client: HTTPClient, time: any TimeSource, registry: MetricRegistry, log: Logger
  ) throws -> [SampleDelivery] {
    let destinations = configuration.deliveries
    guard hasFile else {
      if destinations.isEmpty { return [] }
      throw StartError(
        description: "remote_write and influxdb need a store with a file for their queues: set --storage.path")
    }
    // Who is no longer a destination must not hold the journal back.
    try store.removeFeeds(except: Set(destinations.map(\.feedName)))
    let sources = DeliverySources(
      externalLabels: configuration.global.externalLabels, labels: { store.labels(of: $0) },
      recordedNames: { Set(recorded.metadata().keys) }, metadata: { store.metadata() })
    return try destinations.map {
      try SampleDelivery(
        $0, store: store, sources: sources, client: client, time: time, registry: registry, log: log)
    }
  }
}
