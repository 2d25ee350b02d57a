/// The bounds of a ``SeriesStore``.
public struct SeriesStoreConfiguration: Sendable, Equatable {
  /// How long samples are kept as they are, in milliseconds.
  public var retentionTime: Int64
  /// How many bytes samples may take: of the file if there is one, else of memory by the store's own account.
  public var retentionBytes: Int
  /// How many series may exist at once in memory; further ones are refused and counted.
  public var maximumSeries: Int
  /// How far ahead of the clock a sample may be, in milliseconds.
  public var futureTolerance: Int64
  /// How many samples a chunk holds before it is sealed.
  public var samplesPerChunk: Int
  /// How long five-minute summaries are kept in the file, in milliseconds.
  public var rollupRetentionTime: Int64 = 40 * 86_400_000
  /// How long samples stay in memory when they are in the file too, in milliseconds.
  public var memoryTime: Int64 = 6 * 3_600_000
  /// How many bytes of memory samples, labels and indexes may take beside a file, by the store's own account.
  public var memoryBytes: Int = 512 << 20
  /// Whether an acknowledged write also survives a power cut, at the price of waiting for the disk each time.
  public var isFullySynchronous = false
  /// How many bytes of journal make a checkpoint due.
  public var checkpointBytes: Int = 64 << 20
  /// How long the journal grows before a checkpoint is due, in milliseconds.
  public var checkpointInterval: Int64 = 600_000
  /// How many bytes of journal are kept for feeds that have not read them.
  public var feedBytes: Int = 1 << 30

  public init(
    retentionTime: Int64 = 14 * 86_400_000, retentionBytes: Int = 4 << 30,
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
  /// Bytes of the file in use, and of its write-ahead log; 0 without a file.
  public var fileBytes = 0
  public var logBytes = 0
  /// Bytes of journal since the last checkpoint.
  public var journalBytes = 0
  public var checkpoints = 0
  /// Seconds that the last checkpoint took.
  public var checkpointSeconds = 0.0
  /// Commits and checkpoints that failed.
  public var failedCommits = 0
  /// Samples that were taken into memory while nothing could be made durable.
  public var notDurableSamples = 0
  /// Journal rows dropped before a feed had read them.
  public var droppedFeedRows = 0
  /// Queries whose older part could not be read from the file.
  public var failedReads = 0
  /// The sum of all outcomes of ``SeriesStore/append(_:now:)``.
  public var outcome = AppendOutcome()

  public init() {}
}
