import Exposition

/// What the demo plays: recordings one after the other, from the start again when the last is over.
///
/// Every recording is of a cluster that was started afresh, so each change of recording looks like
/// a restart of the whole cluster: counters begin again and the start time of the process moves.
public struct Programme: Sendable {
  /// One recording of the programme.
  public struct Entry: Sendable {
    public var recording: Recording
    /// How much of the recording is played, in milliseconds; over 0.
    public var length: Int64

    /// Plays the first `length` milliseconds of `recording`, or all of it.
    public init(_ recording: Recording, length: Int64? = nil) {
      self.recording = recording
      self.length = max(1, min(length ?? recording.duration, recording.duration))
    }
  }

  /// The entries in the order of play.
  public let entries: [Entry]
  /// How long one pass over all entries takes, in milliseconds.
  public let duration: Int64

  /// Makes a programme, or nil if there is no entry.
  public init?(_ entries: [Entry]) {
    if entries.isEmpty { return nil }
    self.entries = entries
    duration = entries.reduce(0) { $0 &+ $1.length }
  }

  /// How far behind the present the demo's clock starts, in milliseconds: 20 minutes.
  ///
  /// With ``suggestedSpeed`` the clock catches up with the present after 52 s.
  public static let suggestedLag: Int64 = 1_200_000

  /// How many times as fast as the present the demo's clock runs until it has caught up with it.
  public static let suggestedSpeed = 24.0

  /// The programme that Harecast carries inside.
  ///
  /// | from | what plays | what happens |
  /// | --- | --- | --- |
  /// | 0:00 | an ordinary day, three minutes long | a service opens 60 connections, as planned |
  /// | 7:22 | consumer deployment, its first 3:35 | every consumer restarts in turn, as planned |
  /// | 10:57 | queue depth | from 13:35 on `email` is consumed ever slower; over 10,000 ready at 16:13 |
  /// | 18:17 | memory leak | from 20:42 on a client opens channels without end; memory alarm at 23:01 |
  /// | 25:39 | disk full | from 27:51 on a file fills the disk of `rabbit1`; disk alarm at 30:57 |
  /// | 33:01 | consumer failure | at 36:19 all consumers of two queues crash |
  ///
  /// With the suggested clock, the growth of `email` is seen between the 34th and the 41st second,
  /// and the present is reached (52 s, at 20:52 of the programme) ten seconds after the memory leak
  /// has begun: its alarm is a little over two minutes away, at ordinary speed.
  ///
  /// - Throws: A ``RecordingError`` if an embedded recording is damaged.
  public static func builtIn() throws(RecordingError) -> Programme {
    let normal = try recording("normal", PackageResources.normal_csv_gz)
    let depth = try recording("queue-depth", PackageResources.queue_depth_csv_gz)
    let deployment = try recording("consumer-deploy", PackageResources.consumer_deploy_csv_gz)
    let leak = try recording("memory-leak", PackageResources.memory_leak_csv_gz)
    let disk = try recording("disk-full", PackageResources.disk_full_csv_gz)
    let failure = try recording("consumer-failure", PackageResources.consumer_failure_csv_gz)
    let entries = [
      Entry(normal), Entry(deployment, length: 215_000), Entry(depth), Entry(leak), Entry(disk), Entry(failure),
    ]
    guard let programme = Programme(entries) else {
      throw RecordingError(recording: "built-in", line: 0, reason: "there is no recording")
    }
    return programme
  }

  private static func recording(_ name: String, _ packed: [UInt8]) throws(RecordingError) -> Recording {
    let bytes: [UInt8]
    do {
      bytes = try Gunzip.unpack(packed, limit: 16 << 20)
    } catch {
      throw RecordingError(recording: name, line: 0, reason: "\(error)")
    }
    return try Recording(name: name, csv: bytes)
  }
}
