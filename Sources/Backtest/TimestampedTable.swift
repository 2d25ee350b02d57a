import Foundation

/// A CSV file whose first column is a timestamp in UTC milliseconds and whose others are numbers.
///
/// An empty field or `nan` is a missing value. There is no quoting.
public struct TimestampedTable: Sendable {
  public let path: String
  /// The names of the columns after the timestamp.
  public let names: [String]
  public private(set) var timestamps: [Int64] = []
  /// One array for each name.
  public private(set) var columns: [[Double]]

  /// Reads a file.
  ///
  /// - Throws: ``BacktestError`` with the line of the first fault.
  public init(path: String) throws(BacktestError) {
    guard let data = FileManager.default.contents(atPath: path) else { throw BacktestError(path, "cannot be read") }
    try self.init(bytes: Array(data), path: path)
  }

  /// Reads bytes; `path` is what errors call them.
  public init(bytes: [UInt8], path: String) throws(BacktestError) {
    self.path = path
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let header = Self.fields(lines.first ?? [])
    guard header.count >= 2 else {
      throw BacktestError(path, "line 1: a header with a timestamp and at least one column is expected")
    }
    names = header.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    columns = names.map { _ in [] }
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty && line.first != UInt8(ascii: "\r") {
      let fields = Self.fields(line)
      guard fields.count == header.count else {
        throw BacktestError(path, "line \(index + 1): \(fields.count) fields, the header has \(header.count)")
      }
      guard let timestamp = Int64(String(decoding: fields[0], as: UTF8.self)) else {
        throw BacktestError(
          path, "line \(index + 1): \"\(String(decoding: fields[0], as: UTF8.self))\" is no timestamp")
      }
      timestamps.append(timestamp)
      for column in columns.indices {
        let text = String(decoding: fields[column + 1], as: UTF8.self)
        guard let value = text.isEmpty ? .nan : Double(text) else {
          throw BacktestError(path, "line \(index + 1): \"\(text)\" is no number")
        }
        columns[column].append(value)
      }
    }
  }

  private static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    return line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
  }
}
