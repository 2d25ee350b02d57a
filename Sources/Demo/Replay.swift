/// A programme laid over time: which row of which recording is on at a given moment.
///
/// It is a pure function of the time, so that every node of the replayed cluster, and every run
/// with the same origin, shows the same.
public struct Replay: Sendable {
  /// What is on at a moment.
  public struct Position: Sendable, Equatable {
    /// The index of the programme's entry.
    public var entry: Int
    /// The row of its recording.
    public var row: Int
    /// When this entry began to play: UTC milliseconds.
    public var startedAt: Int64
  }

  public let programme: Programme
  /// When the programme began to play for the first time: UTC milliseconds.
  public let origin: Int64

  public init(programme: Programme, origin: Int64) {
    self.programme = programme
    self.origin = origin
  }

  /// What is on at `time` (UTC milliseconds). Before the origin, the first row is.
  ///
  /// - Complexity: O(entries + log rows).
  public func position(at time: Int64) -> Position {
    let elapsed = max(0, time &- origin)
    var offset = elapsed % programme.duration
    var startedAt = origin &+ (elapsed &- offset)
    var index = 0
    while index < programme.entries.count - 1, offset >= programme.entries[index].length {
      offset -= programme.entries[index].length
      startedAt &+= programme.entries[index].length
      index += 1
    }
    let row = programme.entries[index].recording.row(atOffset: offset)
    return Position(entry: index, row: row, startedAt: startedAt)
  }

  /// The recording that `position` lies in.
  public func recording(at position: Position) -> Recording {
    programme.entries[position.entry].recording
  }
}
