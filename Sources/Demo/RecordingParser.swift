import TimeSeries

/// Why a recording could not be read.
public struct RecordingError: Error, CustomStringConvertible, Equatable {
  /// The recording's name.
  public var recording: String
  /// The line of the file, from 1.
  public var line: Int
  /// What is wrong there.
  public var reason: String

  public var description: String { "\(recording):\(line): \(reason)" }
}

extension Recording {
  /// Reads a recording from comma-separated values as RFC 4180 has them.
  ///
  /// The first line names the columns: `timestamp_ms`, then series such as `up{node="a"}`. Every
  /// other line holds a number or nothing per column.
  ///
  /// - Complexity: O(`bytes.count`).
  /// - Throws: A ``RecordingError`` that names the line.
  public init(name: String, csv bytes: [UInt8]) throws(RecordingError) {
    var reader = CSVReader(bytes: bytes, name: name)
    guard let header = try reader.nextLine() else {
      throw RecordingError(recording: name, line: 1, reason: "the file is empty")
    }
    guard header.first == "timestamp_ms" else {
      throw RecordingError(recording: name, line: 1, reason: "the first column is not timestamp_ms")
    }
    var columns: [Column] = []
    for text in header.dropFirst() {
      guard let column = Column(parsing: text) else {
        throw RecordingError(recording: name, line: 1, reason: "\(Labels.quoted(text)) is not a series")
      }
      columns.append(column)
    }
    var timestamps: [Int64] = []
    var values: [Double] = []
    while let fields = try reader.nextLine() {
      let line = reader.line
      guard fields.count == header.count else {
        let reason = "\(fields.count) fields where the header has \(header.count)"
        throw RecordingError(recording: name, line: line, reason: reason)
      }
      guard let timestamp = Int64(fields[0]), timestamp > timestamps.last ?? Int64.min else {
        throw RecordingError(recording: name, line: line, reason: "\(Labels.quoted(fields[0])) is not a later time")
      }
      timestamps.append(timestamp)
      for field in fields.dropFirst() {
        guard let value = field.isEmpty ? Double.nan : Double(field) else {
          throw RecordingError(recording: name, line: line, reason: "\(Labels.quoted(field)) is not a number")
        }
        values.append(value)
      }
    }
    guard let first = timestamps.first, let last = timestamps.last else {
      throw RecordingError(recording: name, line: 2, reason: "there is no row")
    }
    if last.subtractingReportingOverflow(first).overflow {
      throw RecordingError(recording: name, line: 2, reason: "the times span more than can be counted")
    }
    self.init(name: name, columns: columns, timestamps: timestamps, values: values)
  }
}

extension Recording.Column {
  /// Reads `metric{label="value",…}`; `\\`, `\"` and `\n` are escapes in a value.
  init?(parsing text: String) {
    var rest = Substring(text).utf8
    let nameBytes = rest.prefix { $0 != UInt8(ascii: "{") }
    metric = String(decoding: nameBytes, as: UTF8.self)
    labels = []
    guard Labels.isClassicMetricName(metric) else { return nil }
    rest = rest.dropFirst(nameBytes.count)
    if rest.isEmpty { return }
    rest = rest.dropFirst()
    while rest.first != UInt8(ascii: "}") {
      let name = rest.prefix { $0 != UInt8(ascii: "=") }
      rest = rest.dropFirst(name.count + 1)
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      rest = rest.dropFirst()
      var value: [UInt8] = []
      while let byte = rest.first, byte != UInt8(ascii: "\"") {
        rest = rest.dropFirst()
        if byte == UInt8(ascii: "\\"), let escaped = rest.first {
          value.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
          rest = rest.dropFirst()
        } else {
          value.append(byte)
        }
      }
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      rest = rest.dropFirst()
      let label = Label(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
      guard Labels.isClassicLabelName(label.name) else { return nil }
      labels.append(label)
      if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
    }
    if rest.count != 1 { return nil }
  }
}

/// Splits comma-separated values into lines of fields.
private struct CSVReader {
  let bytes: [UInt8]
  let name: String
  var position = 0
  /// The number of the line read last.
  var line = 0

  /// The fields of the next line that is not empty, or nil at the end.
  mutating func nextLine() throws(RecordingError) -> [String]? {
    while position < bytes.count {
      line += 1
      let fields = try readFields()
      if fields != [""] { return fields }
    }
    return nil
  }

  private mutating func readFields() throws(RecordingError) -> [String] {
    var fields: [String] = []
    var field: [UInt8] = []
    var quoted = false
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if quoted {
        if byte != UInt8(ascii: "\"") {
          field.append(byte)
        } else if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
          field.append(byte)
          position += 1
        } else {
          quoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""):
        quoted = true
      case UInt8(ascii: ","):
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
      case UInt8(ascii: "\r"):
        continue
      case UInt8(ascii: "\n"):
        fields.append(String(decoding: field, as: UTF8.self))
        return fields
      default:
        field.append(byte)
      }
    }
    if quoted { throw RecordingError(recording: name, line: line, reason: "a quote is not closed") }
    fields.append(String(decoding: field, as: UTF8.self))
    return fields
  }
}
