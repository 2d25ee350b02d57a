/// What the clock on the wall and the diary say about a signal's time: local time and special days.
///
/// It is made elsewhere from a time zone and a list of holidays; models only look things up in it.
public struct ForecastCalendar: Sendable, Equatable {
  /// From `start` on (UTC milliseconds), local time is UTC plus `offset` (milliseconds).
  public struct Transition: Sendable, Equatable {
    public var start: Int64
    public var offset: Int64

    public init(start: Int64, offset: Int64) {
      self.start = start
      self.offset = offset
    }
  }

  /// A span of time in which the signal may behave differently: a holiday, a sale, a batch run.
  public struct Event: Sendable, Equatable {
    /// Events of one name share one effect.
    public var name: String
    /// UTC milliseconds, included.
    public var start: Int64
    /// UTC milliseconds, excluded.
    public var end: Int64

    public init(name: String, start: Int64, end: Int64) {
      self.name = name
      self.start = start
      self.end = end
    }
  }

  /// Ascending in time; before the first one, its offset holds too.
  public let transitions: [Transition]

  /// Ascending by start.
  public let events: [Event]

  /// Makes a calendar from transitions and events in any order.
  public init(transitions: [Transition] = [], events: [Event] = []) {
    self.transitions = transitions.sorted { $0.start < $1.start }
    self.events = events.filter { $0.end > $0.start }.sorted { $0.start < $1.start }
  }

  /// A calendar of one fixed offset, in milliseconds.
  public init(offset: Int64) { self.init(transitions: [Transition(start: .min, offset: offset)]) }

  /// What is added to UTC at `time` (UTC milliseconds) to get local time, in milliseconds.
  ///
  /// - Complexity: O(log transitions).
  public func offset(at time: Int64) -> Int64 {
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].start <= time { low = middle + 1 } else { high = middle }
    }
    return transitions.isEmpty ? 0 : transitions[max(0, low - 1)].offset
  }

  /// The local time at `time`, as milliseconds since 1970 on the wall clock.
  public func localTime(at time: Int64) -> Int64 { time &+ offset(at: time) }

  /// The time (UTC milliseconds) at which the clock on the wall shows `local`.
  ///
  /// Of two such times, when clocks go back, the first; a time that clocks skip counts as if they had not gone forward
  /// yet (RFC 5545, section 3.3.5).
  public func time(ofLocal local: Int64) -> Int64 {
    // No zone is a day or more away from UTC.
    let before = local &- offset(at: local &- 86_400_000)
    if localTime(at: before) == local { return before }
    let after = local &- offset(at: local &+ 86_400_000)
    return localTime(at: after) == local ? after : before
  }

  /// The names of all events, sorted, each once.
  public var eventNames: [String] { Set(events.map(\.name)).sorted() }

  /// The events that `time` (UTC milliseconds) lies in.
  ///
  /// - Complexity: O(events that started before).
  func events(at time: Int64) -> [Event] {
    events.prefix { $0.start <= time }.filter { $0.end > time }
  }

  func write(to writer: inout StateWriter) {
    writer.write(transitions.count)
    for transition in transitions {
      writer.write(transition.start)
      writer.write(transition.offset)
    }
    writer.write(events.count)
    for event in events {
      writer.write(event.name)
      writer.write(event.start)
      writer.write(event.end)
    }
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    var transitions: [Transition] = []
    for _ in 0..<(try reader.readInt(in: 0...10_000)) {
      transitions.append(Transition(start: try reader.readInt64(), offset: try reader.readInt64()))
    }
    var events: [Event] = []
    for _ in 0..<(try reader.readInt(in: 0...100_000)) {
      events.append(
        Event(name: try reader.readString(), start: try reader.readInt64(), end: try reader.readInt64()))
    }
    self.init(transitions: transitions, events: events)
  }
}
