import Synchronization
import TimeSeries

/// The instruments of this process, and their values as metric families.
///
/// To ask twice for the same name and labels gives the same instrument. An instrument of one type cannot take the name
/// of another type: such a request gives a working instrument that is not exported, and counts in ``conflicts``.
public final class MetricRegistry: Sendable {
  private enum Instrument: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
  }

  private struct Family: Sendable {
    var type: MetricType
    var help: String
    var instruments: [Labels: Instrument] = [:]
  }

  private struct State: Sendable {
    var families: [String: Family] = [:]
    var conflicts = 0
  }

  private let state = Mutex(State())

  /// Makes an empty registry.
  public init() {}

  /// How often an instrument was asked for under a name that has another type.
  public var conflicts: Int { state.withLock { $0.conflicts } }

  /// The counter of this name and these labels, made if need be. The name should end in `_total`.
  public func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
    counter(name, help: help, labelSet: Labels(labels))
  }

  /// The counter of this name and this label set, made if need be.
  public func counter(_ name: String, help: String, labelSet: Labels) -> Counter {
    let found = instrument(name, .counter, help, labelSet) { .counter(Counter()) }
    if case .counter(let counter) = found { return counter }
    return Counter()
  }

  /// The gauge of this name and these labels, made if need be.
  public func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
    gauge(name, help: help, labelSet: Labels(labels))
  }

  /// The gauge of this name and this label set, made if need be.
  public func gauge(_ name: String, help: String, labelSet: Labels) -> Gauge {
    let found = instrument(name, .gauge, help, labelSet) { .gauge(Gauge()) }
    if case .gauge(let gauge) = found { return gauge }
    return Gauge()
  }

  /// The histogram of this name and these labels, made if need be. The bounds of an existing one stay.
  ///
  /// - Parameter bounds: Upper bounds of the buckets; `+Inf` is added.
  public func histogram(
    _ name: String, help: String, bounds: [Double], labels: KeyValuePairs<String, String> = [:]
  ) -> Histogram {
    let found = instrument(name, .histogram, help, Labels(labels)) { .histogram(Histogram(bounds: bounds)) }
    if case .histogram(let histogram) = found { return histogram }
    return Histogram(bounds: bounds)
  }

  /// Removes an instrument from the export; whoever holds it may go on using it.
  public func unregister(name: String, labels: KeyValuePairs<String, String> = [:]) {
    unregister(name: name, labelSet: Labels(labels))
  }

  /// Removes an instrument from the export; whoever holds it may go on using it.
  public func unregister(name: String, labelSet: Labels) {
    state.withLock {
      $0.families[name]?.instruments[labelSet] = nil
      if $0.families[name]?.instruments.isEmpty == true { $0.families[name] = nil }
    }
  }

  /// All families with their present values, in order of name; series in order of labels.
  public func collect() -> [MetricFamily] {
    let families = state.withLock { $0.families }
    return families.sorted { $0.key < $1.key }.map { name, family in
      var samples: [MetricPoint] = []
      for (labels, instrument) in family.instruments.sorted(by: { $0.key < $1.key }) {
        switch instrument {
        case .counter(let counter):
          samples.append(MetricPoint(labels: labels.named(name), value: counter.value))
        case .gauge(let gauge):
          samples.append(MetricPoint(labels: labels.named(name), value: gauge.value))
        case .histogram(let histogram):
          samples += histogram.points(name: name, labels: labels)
        }
      }
      return MetricFamily(name: name, type: family.type, help: family.help, samples: samples)
    }
  }

  private func instrument(
    _ name: String, _ type: MetricType, _ help: String, _ labels: Labels, make: () -> Instrument
  ) -> Instrument {
    state.withLock { state in
      var family = state.families[name] ?? Family(type: type, help: help)
      if family.type != type {
        state.conflicts += 1
        return make()
      }
      if let known = family.instruments[labels] { return known }
      let new = make()
      family.instruments[labels] = new
      state.families[name] = family
      return new
    }
  }
}

extension Histogram {
  /// The cumulative buckets, the sum and the count.
  fileprivate func points(name: String, labels: Labels) -> [MetricPoint] {
    let now = snapshot
    var points: [MetricPoint] = []
    var total: UInt64 = 0
    for (index, count) in now.counts.enumerated() {
      total += count
      let bound = index < bounds.count ? FloatText.canonicalBoundary(bounds[index]) : "+Inf"
      let series = labels.named(name + "_bucket").setting("le", to: bound)
      points.append(MetricPoint(labels: series, value: Double(total)))
    }
    points.append(MetricPoint(labels: labels.named(name + "_sum"), value: now.sum))
    points.append(MetricPoint(labels: labels.named(name + "_count"), value: Double(total)))
    return points
  }
}

extension Labels {
  fileprivate func named(_ name: String) -> Labels { setting(Labels.metricNameLabel, to: name) }
}
