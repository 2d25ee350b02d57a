import Testing
import TimeSeries

@testable import Demo

@Suite("Replay")
struct ReplayTests {
  /// Rows at 0, 2 and 4 s; plays for 6 s.
  private let first = Recording(
    name: "first", columns: [.init(metric: "m", labels: [])], timestamps: [50_000, 52_000, 54_000], values: [1, 2, 3])
  /// Rows at 0 and 3 s; 4 s of it are played.
  private let second = Recording(
    name: "second", columns: [.init(metric: "m", labels: [])], timestamps: [7000, 10_000], values: [8, 9])

  private func replay() throws -> Replay {
    let programme = try #require(Programme([.init(first), .init(second, length: 4000)]))
    #expect(programme.duration == 10_000)
    return Replay(programme: programme, origin: 1_000_000)
  }

  @Test(
    "plays the recordings one after the other and then again",
    arguments: [
      (990_000, 0, 0, 1_000_000), (1_000_000, 0, 0, 1_000_000), (1_002_000, 0, 1, 1_000_000),
      (1_005_999, 0, 2, 1_000_000), (1_006_000, 1, 0, 1_006_000), (1_009_999, 1, 1, 1_006_000),
      (1_010_000, 0, 0, 1_010_000), (1_029_000, 1, 1, 1_026_000),
    ] as [(Int64, Int, Int, Int64)])
  func plays(time: Int64, entry: Int, row: Int, startedAt: Int64) throws {
    let position = try replay().position(at: time)
    #expect(position == Replay.Position(entry: entry, row: row, startedAt: startedAt))
  }

  @Test("has no programme without entries")
  func empty() {
    #expect(Programme([]) == nil)
  }

  @Test("stays in the programme at the ends of time", arguments: [Int64.min, 0, Int64.max])
  func extremes(time: Int64) throws {
    let position = try replay().position(at: time)
    #expect((0...1).contains(position.entry))
  }
}

@Suite("The built-in programme")
struct BuiltInProgrammeTests {
  @Test("has the recordings in their order")
  func order() throws {
    let programme = try Programme.builtIn()
    #expect(
      programme.entries.map(\.recording.name) == [
        "normal", "consumer-deploy", "queue-depth", "memory-leak", "disk-full", "consumer-failure",
      ])
    for entry in programme.entries {
      #expect(entry.recording.nodes == ["rabbit1@localhost", "rabbit2@localhost", "rabbit3@localhost"])
      #expect(entry.recording.rowCount > 200)
    }
  }

  @Test("lets email grow within the first minute, and the leak begin just before the present is reached")
  func story() throws {
    let programme = try Programme.builtIn()
    let replay = Replay(programme: programme, origin: 0)
    func value(_ metric: String, _ labels: KeyValuePairs<String, String>, at time: Int64) throws -> Double {
      let position = replay.position(at: time)
      let recording = replay.recording(at: position)
      let column = try #require(recording.column(metric, labels))
      let cells = (0...position.row).map { recording.value(row: $0, column: column) }
      let newest = cells.compactMap { $0 }.last
      return try #require(newest)
    }
    func email(_ time: Int64) throws -> Double {
      try value("rabbitmq_detailed_queue_messages_ready", ["queue": "email"], at: time)
    }
    // Real time 34 s and 41 s at 24 times the speed.
    #expect(try email(34_000 * 24) < 2000)
    #expect(try email(41_000 * 24) > 10_000)
    let caughtUp = Int64(Double(Programme.suggestedLag) * Programme.suggestedSpeed / (Programme.suggestedSpeed - 1))
    let channels = "rabbitmq_channels"
    let node: KeyValuePairs = ["node": "rabbit1@localhost"]
    #expect(replay.recording(at: replay.position(at: caughtUp)).name == "memory-leak")
    #expect(try value(channels, node, at: caughtUp - 20_000) < 100)
    #expect(try value(channels, node, at: caughtUp + 60_000) > 500)
    let alarm = "rabbitmq_alarms_memory_used_watermark"
    #expect(try value(alarm, node, at: caughtUp + 100_000) == 0)
    #expect(try value(alarm, node, at: caughtUp + 145_000) == 1)
  }
}
