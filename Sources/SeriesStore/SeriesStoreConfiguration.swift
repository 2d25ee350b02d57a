/// The bounds of a ``SeriesStore``.
public struct SeriesStoreConfiguration: Sendable, Equatable {
  /// How long samples are kept, in milliseconds.
  public var retentionTime: Int64
  /// How many bytes compressed samples, labels and indexes may take, by the store's own account.
  public var retentionBytes: Int
  /// How many series may exist at once; further ones are refused and counted.
  public var maximumSeries: Int
  /// How far ahead of the clock a sample may be, in milliseconds.
  public var futureTolerance: Int64
  /// How many samples a chunk holds before it is sealed.
  public var samplesPerChunk: Int

  public init(
    retentionTime: Int64 = 14 * 86_400_000, retentionBytes: Int = 512 << 20,
    maximumSeries: Int = 500_000, futureTolerance: Int64 = 600_000, samplesPerChunk: Int = 240
  ) {
    self.retentionTime = retentionTime
    self.retentionBytes = retentionBytes
    self.maximumSeries = maximumSeries
    self.futureTolerance = futureTolerance
    self.samplesPerChunk = max(2, samplesPerChunk)
  }
}

/// What a ``SeriesStore`` holds and what it has refused since it was made.
public struct SeriesStoreStatistics: Sendable, Equatable {
  /// Series alive.
  public var series = 0
  /// Samples held.
  public var samples = 0
  /// Bytes held, by the store's own account.
  public var bytes = 0
  /// Requests for a new series that the series budget refused.
  public var refusedSeries = 0
  /// Series dropped by the retention.
  public var evictedSeries = 0
  /// The sum of all outcomes of ``SeriesStore/append(_:now:)``.
  public var outcome = AppendOutcome()

  public init() {}
}
