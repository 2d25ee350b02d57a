import TimeSeries

/// The handle of a series in a ``SeriesStore``: small, and never used again for another series.
public struct SeriesID: Hashable, Sendable {
  public let rawValue: UInt32

  init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// Samples on their way into the store, as parallel arrays that a writer reuses.
public struct SampleBatch: Sendable {
  var ids: [SeriesID] = []
  var timestamps: [Int64] = []
  var values: [Double] = []
  /// The samples that are histograms, by their places among the others, ascending.
  var histograms: [(index: Int, histogram: FloatHistogram)] = []

  public init() {}

  /// The number of samples.
  public var count: Int { ids.count }

  /// Adds a sample: UTC milliseconds and a value.
  public mutating func append(_ id: SeriesID, _ timestamp: Int64, _ value: Double) {
    ids.append(id)
    timestamps.append(timestamp)
    values.append(value)
  }

  /// Adds a sample that is a native histogram.
  public mutating func append(_ id: SeriesID, _ timestamp: Int64, _ histogram: FloatHistogram) {
    histograms.append((ids.count, histogram))
    append(id, timestamp, StaleMarker.normalNaN)
  }

  /// Makes room for `count` samples.
  public mutating func reserveCapacity(_ count: Int) {
    ids.reserveCapacity(count)
    timestamps.reserveCapacity(count)
    values.reserveCapacity(count)
  }

  /// Empties the batch for its next use.
  public mutating func removeAll(keepingCapacity: Bool = true) {
    ids.removeAll(keepingCapacity: keepingCapacity)
    timestamps.removeAll(keepingCapacity: keepingCapacity)
    values.removeAll(keepingCapacity: keepingCapacity)
    histograms.removeAll(keepingCapacity: keepingCapacity)
  }
}

/// What became of the samples of one ``SampleBatch``.
public struct AppendOutcome: Sendable, Equatable {
  /// Samples now in the store.
  public var appended = 0
  /// Samples that the series has already, bit for bit.
  public var duplicate = 0
  /// Samples whose timestamp the series has already, with another value.
  public var conflicting = 0
  /// Samples older than the newest of their series.
  public var outOfOrder = 0
  /// Samples older than the retention.
  public var tooOld = 0
  /// Samples further ahead of the clock than the store accepts.
  public var tooFarAhead = 0
  /// Native histograms, which the file cannot keep.
  public var histograms = 0
  /// Samples of series that were evicted: the writer's cache of ids is out of date.
  public var unknownSeries = 0

  /// The first refused samples by their position in the batch, at most ten.
  public var refusals: [Refusal] = []

  /// A sample that was not taken.
  public struct Refusal: Sendable, Equatable {
    /// Why a sample was not taken.
    public enum Reason: String, Sendable {
      case conflicting = "duplicate sample for timestamp"
      case outOfOrder = "out of order sample"
      case tooOld = "too old sample"
      case tooFarAhead = "sample too far in the future"
      case histogram = "native histograms are not stored"
      case unknownSeries = "unknown series"
    }

    public var index: Int
    public var reason: Reason
  }

  public init() {}

  /// The number of samples that were not taken, duplicates not counted: they are there.
  public var refused: Int { conflicting + outOfOrder + tooOld + tooFarAhead + histograms + unknownSeries }

  mutating func refuse(_ index: Int, _ reason: Refusal.Reason) {
    switch reason {
    case .conflicting: conflicting += 1
    case .outOfOrder: outOfOrder += 1
    case .tooOld: tooOld += 1
    case .tooFarAhead: tooFarAhead += 1
    case .histogram: histograms += 1
    case .unknownSeries: unknownSeries += 1
    }
    if refusals.count < 10 { refusals.append(Refusal(index: index, reason: reason)) }
  }

  static func += (left: inout AppendOutcome, right: AppendOutcome) {
    left.appended += right.appended
    left.duplicate += right.duplicate
    left.conflicting += right.conflicting
    left.outOfOrder += right.outOfOrder
    left.tooOld += right.tooOld
    left.tooFarAhead += right.tooFarAhead
    left.histograms += right.histograms
    left.unknownSeries += right.unknownSeries
  }
}
