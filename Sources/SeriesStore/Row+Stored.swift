import GRDB

extension Row {
  /// The value of a column that the schema says is there.
  ///
  /// Subscripts of rows end the process where a column has no such value, as it may be on a damaged page.
  ///
  /// - Throws: `SQLITE_CORRUPT`, which becomes ``StoreError/unreadable(path:reason:)``.
  func stored<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type = Value.self) throws -> Value {
    let stored: DatabaseValue = self[index]
    guard let value = Value.fromDatabaseValue(stored) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(index + 1) of a row is not what it was")
    }
    return value
  }
}
