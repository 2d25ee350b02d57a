import Exposition
import Logging
import Operations
import SeriesStore
import TimeSeries

extension Sidecar {
  /// The watch for incidents as a plan's configuration says.
  ///
  /// - Throws: `YAMLError` with the place of what is wrong in the block `operations`.
  static func incidentWatch(
    _ plan: Plan, store: SeriesStore, isKept: Bool, registry: MetricRegistry, time: any TimeSource, log: Logger
  ) throws -> IncidentWatch {
    IncidentWatch(
      store: store, keeper: isKept ? StoreStateKeeper(store: store) : nil, registry: registry, time: time,
      configuration: try OperationsConfiguration(plan.configuration.operations),
      interval: min(60_000, plan.configuration.global.evaluationInterval), log: log)
  }
}
