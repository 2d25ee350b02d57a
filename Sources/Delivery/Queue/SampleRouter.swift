import Collection
import SeriesStore
import TimeSeries

/// Decides which samples of the journal go out, and under which labels.
struct SampleRouter {
  /// Why samples do not go out, as the value of a metric's label.
  enum DropReason: String, CaseIterable {
    /// `write_relabel_configs` drops the series.
    case relabelled = "dropped_series"
    /// Older than `sample_age_limit`.
    case tooOld = "too_old"
    /// The series left the store before it could be sent.
    case unknownSeries = "unknown_series"
    /// The receiver's format has no way to say it.
    case notRepresentable = "not_representable"
  }

  private enum Route {
    /// Under these labels, samples newer than this.
    case send(Labels, after: Int64)
    /// Nobody wants it, unless a rule starts to make it.
    case unrecorded
    case dropped(DropReason)
  }

  private let configuration: DeliveryConfiguration
  private let externalLabels: Labels
  private let labels: @Sendable (SeriesID) -> Labels?
  private let recordedNames: @Sendable () -> Set<String>
  private var names: Set<String> = []
  private var namesAge: Int64 = .min
  private var routes: [SeriesID: Route] = [:]
  /// The most series that are remembered.
  private let capacity: Int

  init(
    _ configuration: DeliveryConfiguration, externalLabels: Labels, capacity: Int = 1_000_000,
    labels: @escaping @Sendable (SeriesID) -> Labels?, recordedNames: @escaping @Sendable () -> Set<String>
  ) {
    self.configuration = configuration
    self.externalLabels = externalLabels
    self.capacity = capacity
    self.labels = labels
    self.recordedNames = recordedNames
  }

  /// The samples to send, in their order, and how many are dropped for which reason.
  mutating func route(_ batch: FeedBatch, at now: Int64) -> ([OutgoingSample], [DropReason: Int]) {
    if routes.count > capacity { routes.removeAll() }
    // A rule that begins to make what something else had made before has no new series to give it away.
    if namesAge == .min || now - namesAge >= 10_000 { refreshNames(at: now) }
    var isFresh = namesAge == now
    var samples: [OutgoingSample] = []
    var drops: [DropReason: Int] = [:]
    for (index, id) in batch.ids.enumerated() {
      let route: Route
      if let known = routes[id] {
        route = known
      } else {
        if !isFresh { refreshNames(at: now) }
        isFresh = true
        route = decide(id)
        routes[id] = route
      }
      switch route {
      case .unrecorded: break
      case .dropped(let reason): drops[reason, default: 0] += 1
      case .send(let labels, let newest):
        let timestamp = batch.timestamps[index]
        // Native histograms are not sent.
        if HistogramReference.index(batch.values[index]) != nil {
          drops[.notRepresentable, default: 0] += 1
          continue
        }
        // The journal has a sample twice when its first commit had failed, or when a sender has repeated it.
        if timestamp <= newest { continue }
        routes[id] = .send(labels, after: timestamp)
        if let limit = configuration.queue.ageLimit, timestamp < now - limit {
          drops[.tooOld, default: 0] += 1
        } else {
          samples.append(OutgoingSample(labels: labels, timestamp: timestamp, value: batch.values[index]))
        }
      }
    }
    return (samples, drops)
  }

  /// What a rule has made once stays wanted: when the rule is gone, the end of its series is still to be told.
  private mutating func refreshNames(at now: Int64) {
    namesAge = now
    guard configuration.selection == .recorded else { return }
    let count = names.count
    names.formUnion(recordedNames())
    guard names.count > count else { return }
    for (id, route) in routes { if case .unrecorded = route { routes[id] = nil } }
  }

  private func decide(_ id: SeriesID) -> Route {
    guard let found = labels(id) else { return .dropped(.unknownSeries) }
    if configuration.selection == .recorded, !names.contains(found.metricName) { return .unrecorded }
    var own = found
    for label in externalLabels.elements where own[label.name] == nil {
      own = own.setting(label.name, to: label.value)
    }
    guard let result = RelabelRule.apply(configuration.relabelRules, to: own), !result.metricName.isEmpty else {
      return .dropped(.relabelled)
    }
    return .send(result, after: .min)
  }
}
