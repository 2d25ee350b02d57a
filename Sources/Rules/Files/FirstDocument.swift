/// The part of a YAML text that Prometheus reads: further documents are passed over.
enum FirstDocument {
  /// `text` up to the end of its first document.
  static func of(_ text: String) -> String {
    var hasBegun = false
    var index = text.utf8.startIndex
    let bytes = text.utf8
    while index < bytes.endIndex {
      let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      let line = bytes[index..<end]
      if isMarker(line, "---") {
        if hasBegun { return String(text[..<index]) }
        hasBegun = true
      } else if isMarker(line, "...") {
        return String(text[..<index])
      } else if let first = line.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) {
        hasBegun = hasBegun || (first != UInt8(ascii: "#") && first != UInt8(ascii: "%"))
      }
      index = end < bytes.endIndex ? bytes.index(after: end) : end
    }
    return text
  }

  private static func isMarker(_ line: Substring.UTF8View, _ marker: String) -> Bool {
    guard line.starts(with: marker.utf8) else { return false }
    guard let next = line.dropFirst(3).first else { return true }
    return next == 0x20 || next == 0x09 || next == 0x0d
  }
}
