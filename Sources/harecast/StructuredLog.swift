import Foundation
import Logging
import Synchronization
import TimeSeries

/// How log lines are written.
enum LogFormat: String, CaseIterable, Sendable {
  case logfmt, json
}

/// Writes one line per message to standard error, as logfmt or JSON, keys in a fixed order.
struct StructuredLogHandler: LogHandler {
  let label: String
  let format: LogFormat
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  private static let output = Mutex(())

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields: [(String, String)] = [
      ("ts", RFC3339.format(SystemTime().now())),
      ("level", "\(event.level)"),
      ("msg", "\(event.message)"),
      ("component", label),
    ]
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    fields += all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    let line =
      switch format {
      case .logfmt: fields.map { "\($0.0)=\(Self.logfmt($0.1))" }.joined(separator: " ")
      case .json: "{" + fields.map { "\(Self.json($0.0)):\(Self.json($0.1))" }.joined(separator: ",") + "}"
      }
    let bytes = Array((ProgressLine.erase + line + "\n").utf8)
    Self.output.withLock { _ in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if written <= 0 { return }
        rest = rest.dropFirst(written)
      }
    }
  }

  /// A value as logfmt writes it: quoted when it holds a blank, a quote, an equals sign or a
  /// control character.
  static func logfmt(_ value: String) -> String {
    let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3d && $0 != 0x5c && $0 != 0x7f }
    return plain && !value.isEmpty ? value : json(value)
  }

  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          result += "\\u" + String(format: "%04x", scalar.value)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
