import TimeSeries

/// InfluxDB's line protocol: the metric name as the measurement, labels as tags, one field, milliseconds.
///
/// https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
struct LineProtocol {
  private(set) var bytes: [UInt8] = []
  /// How many lines there are.
  private(set) var count = 0
  private let field: [UInt8]

  init(field: String) { self.field = Array(field.utf8) }

  /// Whether `text` can be a field's name without anything being escaped.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !",=\"\\".utf8.contains($0) }
  }

  /// Adds a sample; false if the line protocol cannot say it: a value that is no finite number, or a name or label that
  /// ends with a backslash, which would escape what follows.
  mutating func append(_ sample: OutgoingSample) -> Bool {
    guard sample.value.isFinite else { return false }
    let start = bytes.count
    let name = sample.labels.metricName
    guard !name.hasPrefix("#"), write(name, escapesEquals: false) else { return undo(start) }
    for label in sample.labels.elements where label.name != Labels.metricNameLabel && !label.value.isEmpty {
      bytes.append(UInt8(ascii: ","))
      guard write(label.name, escapesEquals: true) else { return undo(start) }
      bytes.append(UInt8(ascii: "="))
      guard write(label.value, escapesEquals: true) else { return undo(start) }
    }
    bytes.append(UInt8(ascii: " "))
    bytes += field
    bytes.append(UInt8(ascii: "="))
    bytes += sample.value.description.utf8
    bytes.append(UInt8(ascii: " "))
    bytes += String(sample.timestamp).utf8
    bytes.append(UInt8(ascii: "\n"))
    count += 1
    return true
  }

  private mutating func undo(_ start: Int) -> Bool {
    bytes.removeLast(bytes.count - start)
    return false
  }

  /// Control characters become `\n`, `\t`, `\r` as two characters: neither names nor tags can hold them.
  private mutating func write(_ text: String, escapesEquals: Bool) -> Bool {
    guard let last = text.utf8.last, last != UInt8(ascii: "\\") else { return false }
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: " "): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "=") where escapesEquals: bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0: return false
      default: bytes.append(byte)
      }
    }
    return true
  }
}
