import Foundation
import GRDB
import TimeSeries

/// How version 2 of the file wrote labels and summaries, to bring them into the next version.
enum SchemaTwo {
  private static let rowsAtOnce = 10_000

  /// Fills `series3` and `symbol` from `series`, where labels were written out.
  static func rewriteSeries(in database: Database) throws {
    var symbols = LabelSymbols()
    var last: Int64 = .min
    while true {
      let rows = try Row.fetchAll(
        database, sql: "SELECT id, labels FROM series WHERE id > ? ORDER BY id LIMIT ?",
        arguments: [last, rowsAtOnce])
      guard let end = rows.last else { return }
      last = try end.stored(0)
      var series: [(id: Int64, labels: Labels)] = []
      for row in rows {
        let labels = try row.withUnsafeData(atIndex: 1) { data in
          data?.withUnsafeBytes { bytes -> Labels? in
            var reader = JournalReader(bytes)
            return reader.readLabels()
          }
        }
        if let labels { series.append((try row.stored(0), labels)) }
      }
      symbols.learn(from: series.lazy.map(\.labels))
      let insertSymbol = try database.cachedStatement(sql: "INSERT INTO symbol VALUES(?, ?)")
      for (number, text) in symbols.unsaved { try insertSymbol.execute(arguments: [number, text]) }
      symbols.noteSaved()
      let insertSeries = try database.cachedStatement(sql: "INSERT INTO series3 VALUES(?, ?, ?)")
      for (id, labels) in series {
        try insertSeries.execute(
          arguments: [id, symbols.number(of: labels.metricName), Data(symbols.bytes(of: labels))])
      }
    }
  }

  /// Writes all summaries anew.
  static func rewriteRollups(in database: Database) throws {
    let update = try database.makeStatement(
      sql: "UPDATE chunk SET data = ? WHERE series = ? AND tier = 1 AND start = ?")
    let delete = try database.makeStatement(sql: "DELETE FROM chunk WHERE series = ? AND tier = 1 AND start = ?")
    var last: (series: Int64, start: Int64) = (.min, .min)
    while true {
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT series, start, "end", count, data FROM chunk
          WHERE (series, tier, start) > (?, 1, ?) AND tier = 1 ORDER BY series, tier, start LIMIT ?
          """, arguments: [last.series, last.start, rowsAtOnce])
      guard let end = rows.last else { return }
      last = (try end.stored(0), try end.stored(1))
      for row in rows {
        let rollup = try row.withUnsafeData(atIndex: 4) { data in
          try data?.withUnsafeBytes {
            try buckets(start: row.stored(1), end: row.stored(2), count: row.stored(3), bytes: $0)
          }
        }
        guard let rollup, !rollup.isEmpty else {
          // Nobody could read it, and from now on it would be read as something else.
          try delete.execute(arguments: [row[0] as Int64, row[1] as Int64])
          continue
        }
        try update.execute(arguments: [Data(Rollup(rollup).bytes), row[0] as Int64, row[1] as Int64])
      }
    }
  }

  /// A chunk for each column, after its length: count, sum, minimum, maximum, last, and the last sample's distance from
  /// the bucket's start.
  private static func buckets(start: Int64, end: Int64, count: Int, bytes: UnsafeRawBufferPointer) -> [RollupBucket]? {
    var offset = 0
    var columns: [[Double]] = []
    var times: [Int64] = []
    for _ in 0..<6 {
      guard offset + 4 <= bytes.count else { return nil }
      let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
      offset += 4
      guard length <= bytes.count - offset,
        let chunk = Chunk(
          start: start, end: end, count: count, bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
        )
      else { return nil }
      offset += length
      times = []
      var values: [Double] = []
      chunk.decode(from: .min, through: .max, into: &times, &values)
      guard values.count == count else { return nil }
      columns.append(values)
    }
    return times.indices.map { index in
      RollupBucket(
        start: times[index], lastTimestamp: times[index] &+ (Int64(exactly: columns[5][index]) ?? 0),
        count: columns[0][index], sum: columns[1][index], minimum: columns[2][index], maximum: columns[3][index],
        last: columns[4][index])
    }
  }
}
