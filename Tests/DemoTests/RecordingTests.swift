import Testing
import TimeSeries

@testable import Demo

@Suite("Recording")
struct RecordingTests {
  private func recording(_ text: String) throws(RecordingError) -> Recording {
    try Recording(name: "test", csv: Array(text.utf8))
  }

  @Test("reads quoted headers, values and empty cells")
  func reads() throws {
    let recording = try recording(
      """
      timestamp_ms,"up{node=""a@h""}","m{usage=""used"",node=""a@h""}",plain
      1000,1,2.5,
      3000,0,,-7e3
      """)
    #expect(recording.columns.map(\.metric) == ["up", "m", "plain"])
    #expect(recording.columns[1].labels == [Label("usage", "used"), Label("node", "a@h")])
    #expect(recording.timestamps == [1000, 3000])
    #expect(recording.value(row: 0, column: 1) == 2.5)
    #expect(recording.value(row: 0, column: 2) == nil)
    #expect(recording.value(row: 1, column: 2) == -7000)
    #expect(recording.nodes == ["a@h"])
    #expect(recording.duration == 4000)
  }

  @Test("reads escapes in label values")
  func escapes() throws {
    let recording = try recording("timestamp_ms,\"m{q=\"\"a\\\"\"b\\\\c,}\"\"}\"\n1,2\n")
    #expect(recording.columns.first?.labels == [Label("q", "a\"b\\c,}")])
  }

  @Test(
    "finds the newest row at or before an offset",
    arguments: [(-1, 0), (0, 0), (1999, 0), (2000, 1), (4999, 1), (5000, 2), (1_000_000, 2)] as [(Int64, Int)])
  func rows(offset: Int64, row: Int) throws {
    let recording = try recording("timestamp_ms,m\n10000,1\n12000,2\n15000,3\n")
    #expect(recording.row(atOffset: offset) == row)
  }

  @Test(
    "says line and reason of what it cannot read",
    arguments: [
      ("", "test:1: the file is empty"),
      ("time,m\n1,2\n", "test:1: the first column is not timestamp_ms"),
      ("timestamp_ms,m\n", "test:2: there is no row"),
      ("timestamp_ms,m\n1,2\n1,3\n", "test:3: \"1\" is not a later time"),
      ("timestamp_ms,m\n1,2,3\n", "test:2: 3 fields where the header has 2"),
      ("timestamp_ms,m\n1,two\n", "test:2: \"two\" is not a number"),
      ("timestamp_ms,\"m{x=1}\"\n1,2\n", "test:1: \"m{x=1}\" is not a series"),
      ("timestamp_ms,\"m{x=\"\"1\"\"\"\n1,2\n", "test:1: \"m{x=\\\"1\\\"\" is not a series"),
      ("timestamp_ms,\"m\n1,2\n", "test:1: a quote is not closed"),
      (
        "timestamp_ms,m\n-9223372036854775807,1\n9223372036854775807,1\n",
        "test:2: the times span more than can be counted"
      ),
    ])
  func refuses(text: String, message: String) throws {
    let error = #expect(throws: RecordingError.self) { try recording(text) }
    #expect(error?.description == message)
  }

  @Test("survives any damage to a real header", arguments: 0..<300)
  func damage(seed: Int) throws {
    let text = "timestamp_ms,\"up{node=\"\"a\"\"}\",\"m{a=\"\"\\\\\"\",b=\"\"c\"\"}\"\n1,1,2\n3,0,\n"
    var bytes = Array(text.utf8)
    let position = Int(StableHash.hash("p\(seed)") % UInt64(bytes.count))
    bytes[position] = UInt8(truncatingIfNeeded: StableHash.hash("b\(seed)"))
    if seed.isMultiple(of: 3) { bytes.removeLast(position) }
    _ = try? Recording(name: "test", csv: bytes)
  }
}
