import TimeSeries

/// A remote-write request as flat arrays that the next request uses again.
///
/// Labels are pieces of memory that belong to the decoder: they are valid until its next call.
public struct DecodedWriteRequest {
  /// A label set's identity: a hash of 128 bits with a seed of this process, so that nobody can make two collide.
  public struct Key: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(low) }
  }

  /// One series of the request.
  public struct Series {
    public var key = Key(high: 0, low: 0)
    /// The place of its labels in `labels`.
    public var labels = 0..<0
    /// The place of its samples in `timestamps` and `values`.
    public var samples = 0..<0
    public var histograms: Int32 = 0
    public var exemplars: Int32 = 0
    /// What most series do not have, apart, so that the others stay small.
    private var notes: Notes?

    /// What the sender says about the metric (2.0).
    public var metadata: MetricMetadata? {
      get { notes?.metadata }
      set { change { $0.metadata = newValue } }
    }
    /// What is wrong with parts of it that are not stored anyway.
    public var remark: String? {
      get { notes?.remark }
      set { change { $0.remark = newValue } }
    }
    /// Why the series cannot be stored, if that is known before its labels are looked at.
    public var fault: String? {
      get { notes?.fault }
      set { change { $0.fault = newValue } }
    }
    /// Whether it has metadata, a remark or a fault.
    public var hasNotes: Bool { notes != nil }

    private mutating func change(_ body: (inout Notes.Values) -> Void) {
      var values = notes?.values ?? Notes.Values()
      body(&values)
      notes = Notes(values)
    }
  }

  /// What is rare about a series, in one reference.
  private final class Notes {
    struct Values {
      var metadata: MetricMetadata?
      var remark: String?
      var fault: String?
    }

    let values: Values
    init(_ values: Values) { self.values = values }
    var metadata: MetricMetadata? { values.metadata }
    var remark: String? { values.remark }
    var fault: String? { values.fault }
  }

  /// A name and a value, as bytes that may not be UTF-8.
  public struct RawLabel {
    public var name: UnsafeRawBufferPointer
    public var value: UnsafeRawBufferPointer
  }

  public internal(set) var series: [Series] = []
  public internal(set) var labels: [RawLabel] = []
  public internal(set) var timestamps: [Int64] = []
  public internal(set) var values: [Double] = []
  /// What the sender says about metrics, by family name (1.0).
  public internal(set) var metadata: [(name: String, metadata: MetricMetadata)] = []

  init() {}

  mutating func removeAll() {
    // A huge request must not hold its memory for ever.
    series.removeAll(keepingCapacity: series.capacity < 1 << 15)
    labels.removeAll(keepingCapacity: labels.capacity < 1 << 18)
    timestamps.removeAll(keepingCapacity: timestamps.capacity < 1 << 18)
    values.removeAll(keepingCapacity: values.capacity < 1 << 18)
    metadata.removeAll(keepingCapacity: true)
  }

  /// Puts the samples of each series in the order of time where a sender did not.
  mutating func sortSamples() {
    for index in series.indices {
      let range = series[index].samples
      guard range.count > 1 else { continue }
      var isSorted = true
      for place in range.dropFirst() where timestamps[place] < timestamps[place - 1] { isSorted = false }
      if isSorted { continue }
      let order = range.sorted { timestamps[$0] == timestamps[$1] ? $0 < $1 : timestamps[$0] < timestamps[$1] }
      let times = order.map { timestamps[$0] }
      let numbers = order.map { values[$0] }
      for (offset, place) in range.enumerated() {
        timestamps[place] = times[offset]
        values[place] = numbers[offset]
      }
    }
  }

  /// The labels of a series, checked, sorted and without empty values.
  ///
  /// - Throws: ``LabelFault`` with what is wrong.
  public func checkedLabels(of one: Series, limits: WriteRequestLimits) throws(LabelFault) -> Labels {
    guard one.labels.count <= limits.labels else {
      throw LabelFault("\(one.labels.count) labels, the limit is \(limits.labels)")
    }
    var result: [Label] = []
    result.reserveCapacity(one.labels.count)
    for place in one.labels {
      let raw = labels[place]
      guard !raw.name.isEmpty else { throw LabelFault("a label without a name") }
      guard raw.name.count <= limits.labelNameBytes, raw.value.count <= limits.labelValueBytes else {
        throw LabelFault("a label of \(raw.name.count) + \(raw.value.count) bytes is too long")
      }
      guard let name = String(validating: raw.name, as: UTF8.self),
        let value = String(validating: raw.value, as: UTF8.self)
      else { throw LabelFault("a label is not UTF-8") }
      result.append(Label(name, value))
    }
    result.sort { $0.name < $1.name }
    for (left, right) in zip(result, result.dropFirst()) where left.name == right.name {
      throw LabelFault("label \(Labels.quoted(left.name)) comes twice")
    }
    result.removeAll { $0.value.isEmpty }
    let labels = Labels(sortedUnique: result)
    guard !labels.metricName.isEmpty else { throw LabelFault("no metric name in \(labels)") }
    return labels
  }
}

/// What is wrong with a series' labels.
public struct LabelFault: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
