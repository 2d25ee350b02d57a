import Exposition
import Foundation
import HTTPFetch
import HarecastTestKit
import Logging
import SeriesStore
import Synchronization
import Testing
import TimeSeries

@testable import Delivery

/// A store with a file and a delivery from it that runs until it is stopped.
final class DeliveryHarness: Sendable {
  let store: SeriesStore
  let registry = MetricRegistry()
  let client = HTTPClient()
  let configuration: DeliveryConfiguration
  let recorded = Mutex<Set<String>>(["m"])
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(_ configuration: DeliveryConfiguration, folder: TemporaryFolder) throws {
    var configuration = configuration
    configuration.queue.sendDeadline = 50
    configuration.queue.maximumBackoff = 200
    self.configuration = configuration
    store = try SeriesStore.open(folder: folder.path + "/data", now: SystemTime().now())
  }

  static func remoteWrite(_ url: String, _ version: Int = 1) -> DeliveryConfiguration {
    DeliveryConfiguration(
      name: "test", url: url, format: .remoteWrite(version == 1 ? .v1 : .v2, metadata: MetadataSettings()))
  }

  func start() throws {
    let store = store
    let sources = DeliverySources(
      externalLabels: Labels(["site": "north"]), labels: { store.labels(of: $0) },
      recordedNames: { [self] in recorded.withLock { $0 } }, metadata: { store.metadata() })
    let delivery = try SampleDelivery(
      configuration, store: store, sources: sources, client: client, time: SystemTime(), registry: registry,
      log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    task.withLock { $0 = Task { await delivery.run() } }
  }

  func append(_ name: String, _ samples: [(Int64, Double)]) async throws {
    try await append(name, Labels.empty, samples)
  }

  func append(_ name: String, _ own: Labels, _ samples: [(Int64, Double)]) async throws {
    let labels = own.setting(Labels.metricNameLabel, to: name)
    let id = try #require(store.resolve(labels))
    var batch = SampleBatch()
    for (time, value) in samples { batch.append(id, time, value) }
    let outcome = try await store.appendDurably(batch, now: SystemTime().now())
    #expect(outcome.appended == samples.count)
  }

  func metric(_ name: String, _ labels: [String: String] = [:]) -> Double {
    registry.collect().first {
      $0.name == "harecast_remote_storage_\(name)" || $0.name + "_total" == "harecast_remote_storage_\(name)"
    }?
    .samples.filter { sample in labels.allSatisfy { sample.labels[$0.key] == $0.value } }
    .reduce(0) { $0 + $1.value } ?? -1
  }

  func pause() async {
    let running = task.withLock { $0 }
    running?.cancel()
    await running?.value
  }

  func stop() async {
    await pause()
    await store.close()
    await client.shutdown()
  }
}
