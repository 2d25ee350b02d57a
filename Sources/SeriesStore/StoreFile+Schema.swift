import GRDB
import TimeSeries

extension StoreFile {
  /// The versions of the file, each with what makes it from the one before. What was released is never changed.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE series(id INTEGER PRIMARY KEY, name TEXT NOT NULL, labels BLOB NOT NULL);
          CREATE INDEX series_name ON series(name);
          CREATE TABLE chunk(
            tier INTEGER NOT NULL, series INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
            count INTEGER NOT NULL, open INTEGER NOT NULL, data BLOB NOT NULL,
            PRIMARY KEY(series, tier, start)) WITHOUT ROWID;
          CREATE INDEX chunk_end ON chunk(tier, "end");
          CREATE TABLE journal(position INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, body BLOB NOT NULL);
          CREATE TABLE feed(name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
          CREATE TABLE metadata(name TEXT PRIMARY KEY, type TEXT NOT NULL, help TEXT NOT NULL, unit TEXT NOT NULL)
            WITHOUT ROWID;
          CREATE TABLE state(key TEXT PRIMARY KEY, bytes BLOB NOT NULL, updated INTEGER NOT NULL);
          CREATE TABLE property(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2") { database in
      try database.execute(sql: "CREATE INDEX chunk_open ON chunk(series) WHERE open = 1")
    }
    // Smaller: labels by symbols, summaries as one stream of bits, one index for both kinds of chunks.
    migrator.registerMigration("3") { database in
      try database.execute(
        sql: """
          CREATE TABLE symbol(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
          CREATE TABLE series3(id INTEGER PRIMARY KEY, name INTEGER NOT NULL, labels BLOB NOT NULL);
          """)
      try SchemaTwo.rewriteSeries(in: database)
      try SchemaTwo.rewriteRollups(in: database)
      try database.execute(
        sql: """
          DROP TABLE series;
          ALTER TABLE series3 RENAME TO series;
          CREATE INDEX series_name ON series(name);
          DROP INDEX chunk_end;
          DROP INDEX chunk_open;
          CREATE INDEX chunk_age ON chunk(tier, open, "end");
          """)
    }
    return migrator
  }

  static func symbols(in database: Database) throws -> LabelSymbols {
    var symbols = LabelSymbols()
    let rows = try Row.fetchCursor(database, sql: "SELECT id, text FROM symbol")
    while let row = try rows.next() { symbols.restore(try row.stored(0), try row.stored(1)) }
    return symbols
  }
}
