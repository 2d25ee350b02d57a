import Collection
import Exposition
import Logging
import TimeSeries

/// Gives every target the sense for RabbitMQ.
///
/// A target that is something else is recognised by what it answers, not by its configuration; its
/// series pass through unchanged.
public struct BrokerSenseProvider: TargetSenseProvider {
  private let budget: ScrapeGovernor.Budget
  private let registry: MetricRegistry
  private let log: Logger

  /// - Parameter budget: What the scrapes of one per-object endpoint may cost.
  public init(budget: ScrapeGovernor.Budget = .init(), registry: MetricRegistry, log: Logger) {
    self.budget = budget
    self.registry = registry
    self.log = log
  }

  public func sense(for target: ScrapeTarget, of job: ScrapeConfiguration) -> (any TargetSense)? {
    let families = target.parameters.filter { $0.name == BrokerSense.familyParameter }.map(\.value)
    return BrokerSense(
      path: target.path, families: families, interval: target.interval,
      job: target.labels["job"] ?? job.jobName, instance: target.labels["instance"] ?? target.address,
      budget: budget, registry: registry, log: log)
  }
}

extension BrokerSense: TargetSense {
  /// The query parameter that names a family of `/metrics/detailed`.
  static let familyParameter = "family"

  public func parameters(configured: [QueryParameter], at time: Int64) -> [QueryParameter]? {
    switch decide() {
    case .skip: return nil
    case .scrape(nil): return configured
    case .scrape(let families?):
      let others = configured.filter { $0.name != Self.familyParameter }
      return families.map { QueryParameter(Self.familyParameter, $0) } + others
    }
  }

  public func willParse(_ body: UnsafeRawBufferPointer) -> Bool { identify(body) }

  public func didScrape(_ outcome: ScrapeOutcome) {
    let excess: ScrapeGovernor.Cost.Excess? =
      switch outcome.error?.code {
      case "timeout": .time
      case "body_too_large": .size
      default: nil
      }
    observe(
      ScrapeGovernor.Cost(
        duration: outcome.duration * 1000, bodyBytes: outcome.bodyBytes, samples: outcome.samples, excess: excess,
        failed: outcome.error != nil))
  }
}
