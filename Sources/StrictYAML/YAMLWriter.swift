extension YAMLNode {
  /// The value as a YAML document in block style, without comments, anchors and the author's layout.
  ///
  /// - Parameter replace: is asked about each scalar, with the keys that lead to it; what it returns is written in the
  ///   scalar's stead.
  /// - Complexity: O(size of the document).
  public func written(
    replacing replace: @escaping (_ keys: [String], _ scalar: YAMLScalar) -> String? = { _, _ in nil }
  ) -> String {
    var writer = YAMLWriter(replace: replace)
    writer.write(self, indent: 0)
    return writer.text
  }
}

private struct YAMLWriter {
  let replace: ([String], YAMLScalar) -> String?
  var text = ""
  private var keys: [String] = []

  init(replace: @escaping ([String], YAMLScalar) -> String?) { self.replace = replace }

  /// Writes a value that begins its own line.
  mutating func write(_ node: YAMLNode, indent: Int) {
    switch node.content {
    case .scalar(let scalar): text += shown(scalar) + "\n"
    case .sequence(let items):
      if items.isEmpty { text += "[]\n" }
      for (index, item) in items.enumerated() {
        // The first item of the document, or of an item, stands where the cursor is.
        if index > 0 || text.hasSuffix("\n") { text += String(repeating: " ", count: indent) }
        text += "- "
        write(item, indent: indent + 2)
      }
    case .mapping(let entries):
      if entries.isEmpty { text += "{}\n" }
      for (index, entry) in entries.enumerated() {
        if index > 0 || text.hasSuffix("\n") { text += String(repeating: " ", count: indent) }
        text += YAMLScalar(entry.key, isPlain: Self.isWord(entry.key)).written + ":"
        keys.append(entry.key)
        writeValue(entry.value, indent: indent)
        keys.removeLast()
      }
    }
  }

  /// Writes the value of a key: scalars and what is empty on the same line, the rest below.
  private mutating func writeValue(_ node: YAMLNode, indent: Int) {
    switch node.content {
    case .sequence(let items) where !items.isEmpty:
      text += "\n"
      write(node, indent: indent)
    case .mapping(let entries) where !entries.isEmpty:
      text += "\n"
      write(node, indent: indent + 2)
    default:
      text += " "
      write(node, indent: indent)
    }
  }

  private func shown(_ scalar: YAMLScalar) -> String {
    if let replacement = replace(keys, scalar) { return YAMLScalar(replacement, isPlain: false).written }
    return scalar.written
  }

  /// Whether a key needs no quotes whatever it means elsewhere.
  private static func isWord(_ key: String) -> Bool {
    guard let first = key.utf8.first, first | 0x20 >= 0x61, first | 0x20 <= 0x7a else { return false }
    return key.utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5f }
      && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(key.lowercased())
  }
}

extension YAMLScalar {
  /// The scalar on one line; in quotes unless it stood without them.
  var written: String {
    if isPlain, !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) { return text }
    if isNull { return "null" }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        // What YAML does not call printable, and its other line breaks.
        let isEscaped =
          scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
          || [0x2028, 0x2029, 0xfeff].contains(scalar.value)
        if isEscaped {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
