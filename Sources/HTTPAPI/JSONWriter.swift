import PromQL
import TimeSeries

/// Writes JSON straight into bytes, for answers that can hold a million samples.
///
/// The caller writes structure in order; commas are put in by the writer.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init() {}

  mutating func beginObject() { open(UInt8(ascii: "{")) }
  mutating func endObject() { close(UInt8(ascii: "}")) }
  mutating func beginArray() { open(UInt8(ascii: "[")) }
  mutating func endArray() { close(UInt8(ascii: "]")) }

  /// Writes an object's key; the value must follow.
  mutating func key(_ name: String) {
    separate()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func string(_ text: String) {
    separate()
    quote(text)
    needsComma = true
  }

  mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
  mutating func integer(_ value: Int) { raw(String(value)) }

  mutating func null() { raw("null") }

  /// Writes a number; not-a-number and infinities, which JSON lacks, as null.
  mutating func number(_ value: Double) {
    raw(value.isFinite ? PrometheusNumber.format(value) : "null")
  }

  /// Writes a timestamp in seconds, with three decimals only when it is not whole.
  mutating func seconds(_ milliseconds: Int64) {
    let (whole, part) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    if part == 0 {
      raw(String(whole))
    } else {
      let digits = String(part.magnitude)
      let sign = milliseconds < 0 && whole == 0 ? "-" : ""
      raw(sign + String(whole) + "." + String(repeating: "0", count: 3 - digits.count) + digits)
    }
  }

  /// Writes `[seconds, "value"]`.
  mutating func sample(_ timestamp: Int64, _ value: Double) {
    beginArray()
    seconds(timestamp)
    string(PrometheusNumber.format(value))
    endArray()
  }

  /// Writes labels as an object.
  mutating func labels(_ labels: Labels) {
    beginObject()
    for label in labels.elements {
      key(label.name)
      string(label.value)
    }
    endObject()
  }

  private mutating func raw(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func open(_ byte: UInt8) {
    separate()
    bytes.append(byte)
    needsComma = false
  }

  private mutating func close(_ byte: UInt8) {
    bytes.append(byte)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
      case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        bytes.append(contentsOf: ("\\u00" + (hex.count < 2 ? "0" : "") + hex).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
