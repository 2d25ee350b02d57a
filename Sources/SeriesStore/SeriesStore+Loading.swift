import GRDB
import TimeSeries

extension SeriesStore {
  /// What the file holds of the last hours, and the whole journal, as a store's state.
  static func load(
    _ file: StoreFile, _ configuration: SeriesStoreConfiguration, now: Int64
  ) throws -> sending State {
    var state = State()
    let floor = now - min(configuration.memoryTime, configuration.retentionTime)
    state.durability.memoryFloor = floor
    state.durability.rawFloor = now - configuration.retentionTime
    try file.sealResting(before: floor)
    try file.pool.read { database in
      try loadChunks(file, database, from: floor, into: &state)
      for row in try Row.fetchAll(database, sql: "SELECT name, type, help, unit FROM metadata") {
        guard let type = MetricType(rawValue: try row.stored(1)) else { continue }
        state.metadata[try row.stored(0)] = MetricMetadata(
          type: type, help: try row.stored(2), unit: try row.stored(3))
      }
      let next = try StoreFile.property("next_series", in: database) ?? 0
      state.nextID = max(state.nextID, UInt32(truncatingIfNeeded: next))
      try replayJournal(file, database, into: &state, configuration)
    }
    let bytes = file.fileBytes()
    state.statistics.fileBytes = bytes.used
    state.statistics.logBytes = bytes.log
    return state
  }

  private static func loadChunks(
    _ file: StoreFile, _ database: Database, from floor: Int64, into state: inout State
  ) throws {
    let recent = Set(
      try Int64.fetchAll(
        database,
        sql: """
          SELECT DISTINCT series FROM chunk INDEXED BY chunk_age WHERE tier = 0 AND open IN (0, 1) AND "end" >= ?
          """, arguments: [floor]))
    let rows = try Row.fetchCursor(database, sql: "SELECT id, labels FROM series")
    while let row = try rows.next() {
      let id: Int64 = try row.stored(0)
      // History may have made a series since the last checkpoint wrote down how far ids had come.
      if let known = UInt32(exactly: id), known < .max { state.nextID = max(state.nextID, known + 1) }
      guard recent.contains(id) else {
        state.durability.coldSeries += 1
        continue
      }
      guard let labels = try file.labels(row, at: 1), let id = UInt32(exactly: id) else { continue }
      let series = insert(labels, id: id, in: &state)
      series.isDefined = true
      series.hasOlder = true
    }
    // In the order of their ends, so that each series' chunks come oldest first, the one that still grows last.
    let chunks = try Row.fetchCursor(
      database,
      sql: """
        SELECT start, "end", count, data, series, open FROM chunk INDEXED BY chunk_age
        WHERE tier = 0 AND open IN (0, 1) AND "end" >= ? ORDER BY open, "end"
        """, arguments: [floor])
    while let row = try chunks.next() {
      guard let chunk = try StoreFile.chunk(row), let id = UInt32(exactly: try row.stored(4, as: Int64.self)),
        let series = state.series[id]
      else { continue }
      series.restore(chunk, isOpen: try row.stored(5, as: Int.self) != 0)
      state.statistics.bytes += chunk.byteCount + MemoryLayout<MemorySeries.Sealed>.stride
      state.statistics.samples += chunk.count
    }
  }

  private static func replayJournal(
    _ file: StoreFile, _ database: Database, into state: inout State, _ configuration: SeriesStoreConfiguration
  ) throws {
    let checkpoint = try StoreFile.property("checkpoint", in: database) ?? 0
    let rows = try Row.fetchCursor(
      database, sql: "SELECT position, body FROM journal WHERE position > ? ORDER BY position", arguments: [checkpoint])
    while let row = try rows.next() {
      let position: Int64 = try row.stored(0)
      let isWhole = try row.withUnsafeData(atIndex: 1) { data in
        try data?.withUnsafeBytes { bytes in
          state.durability.journalBytes += bytes.count
          try revive(bytes, file, database, into: &state)
          return replay(bytes, into: &state, configuration)
        } ?? false
      }
      guard isWhole else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "row \(position) of the journal cannot be read")
      }
    }
  }

  /// Brings back series that journal records speak of and that rested for so long that memory was to do without them.
  private static func revive(
    _ bytes: UnsafeRawBufferPointer, _ file: StoreFile, _ database: Database, into state: inout State
  ) throws {
    var reader = JournalReader(bytes)
    var missing: Set<UInt32> = []
    reader.forEach { record in
      switch record {
      // History makes the row of a series in the file at once, before or after the journal has its labels.
      case .series(let id, _), .sample(let id, _, _): if state.series[id] == nil { missing.insert(id) }
      }
    }
    for id in missing.sorted() {
      guard let labels = try file.labels(of: id, in: database) else { continue }
      let twin = state.ids[labels]
      if twin != nil { state.durability.hasTwins = true }
      let series = insert(labels, id: id, in: &state)
      // Of two ids the younger one is written to.
      if let twin, twin > id { state.ids[labels] = twin }
      series.isDefined = true
      series.hasOlder = true
      state.durability.coldSeries -= 1
      // The newest chunk tells what the journal must not add again.
      guard let chunk = try StoreFile.newestChunk(of: id, in: database) else { continue }
      series.restore(chunk, isOpen: false)
      state.statistics.bytes += chunk.byteCount + MemoryLayout<MemorySeries.Sealed>.stride
      state.statistics.samples += chunk.count
    }
  }

  private static func replay(
    _ bytes: UnsafeRawBufferPointer, into state: inout State, _ configuration: SeriesStoreConfiguration
  ) -> Bool {
    var reader = JournalReader(bytes)
    return reader.forEach { record in
      switch record {
      case .series(let id, let labels):
        guard state.series[id] == nil else { return }
        if state.ids[labels] != nil { state.durability.hasTwins = true }
        insert(labels, id: id, in: &state)
      case .sample(let id, let timestamp, let value):
        guard let series = state.series[id], timestamp > series.lastTimestamp else { return }
        state.statistics.bytes += series.append(timestamp, value, samplesPerChunk: configuration.samplesPerChunk)
        state.statistics.samples += 1
      }
    }
  }
}
