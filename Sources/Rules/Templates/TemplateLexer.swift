import TimeSeries

/// A word of a template.
struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    case failure, bool, character, assign, declare, comma, end, field, identifier, leftDelimiter, leftParenthesis
    case number, pipe, rawString, rightDelimiter, rightParenthesis, space, string, text, variable
    case dot, keyword
  }

  var kind: Kind
  var text: String
  var offset: TemplateOffset

  /// The token as messages show it.
  var shown: String {
    switch kind {
    case .end: return "EOF"
    case .failure: return text
    case .keyword, .dot: return "<\(text)>"
    default:
      if text.unicodeScalars.count <= 10 { return Labels.quoted(text) }
      return Labels.quoted(String(String.UnicodeScalarView(text.unicodeScalars.prefix(10)))) + "..."
    }
  }
}

/// Cuts a template into words. It never fails: what cannot be read becomes a last token of kind `failure`.
struct TemplateLexer {
  private static let keywords: Set<String> = [
    "block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with",
  ]

  private let bytes: [UInt8]
  private var index = 0
  private var tokens: [TemplateToken] = []
  private var parentheses = 0

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The words of `text`; the last one is `end` or `failure`.
  ///
  /// - Complexity: O(`text`).
  static func tokens(of text: String) -> [TemplateToken] {
    var lexer = TemplateLexer(Array(text.utf8))
    lexer.run()
    return lexer.tokens
  }

  private mutating func run() {
    while index < bytes.count {
      let start = index
      let delimiter = find("{{", from: index)
      var end = delimiter ?? bytes.count
      let trims = delimiter.map(trimsLeft) ?? false
      if trims { while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 } }
      if end > start { emit(.text, start, end) }
      guard let delimiter else { break }
      index = delimiter + 2 + (trims ? 2 : 0)
      if hasPrefix("/*", at: index) {
        guard comment() else { return }
      } else {
        emit(.leftDelimiter, delimiter, delimiter + 2)
        parentheses = 0
        guard action() else { return }
      }
    }
    tokens.append(TemplateToken(kind: .end, text: "", offset: bytes.count))
  }

  private mutating func comment() -> Bool {
    guard let close = find("*/", from: index) else { return fail("unclosed comment", at: index) }
    index = close + 2
    let trims = trimsRight()
    if trims { index += 2 }
    guard hasPrefix("}}", at: index) else { return fail("comment ends before closing delimiter", at: index) }
    index += 2
    if trims { skipSpaces() }
    return true
  }

  private mutating func action() -> Bool {
    while true {
      let start = index
      let trims = trimsRight()
      if hasPrefix("}}", at: index + (trims ? 2 : 0)) {
        if parentheses > 0 { return fail("unclosed left paren", at: start) }
        index += trims ? 4 : 2
        emit(.rightDelimiter, index - 2, index)
        if trims { skipSpaces() }
        return true
      }
      guard index < bytes.count else { return fail("unclosed action", at: start) }
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
        while index < bytes.count, Self.isSpace(bytes[index]), !trimsRightAndCloses() { index += 1 }
        if index > start { emit(.space, start, index) }
      case UInt8(ascii: "="): single(.assign)
      case UInt8(ascii: ":"):
        guard hasPrefix(":=", at: index) else { return fail("expected :=", at: start) }
        index += 2
        emit(.declare, start, index)
      case UInt8(ascii: "|"): single(.pipe)
      case UInt8(ascii: ","): single(.comma)
      case UInt8(ascii: "\""):
        guard quoted(closing: byte, .string, "unterminated quoted string") else { return false }
      case UInt8(ascii: "'"):
        guard quoted(closing: byte, .character, "unterminated character constant") else { return false }
      case UInt8(ascii: "`"):
        guard let close = bytes[(index + 1)...].firstIndex(of: byte) else {
          return fail("unterminated raw quoted string", at: start)
        }
        index = close + 1
        emit(.rawString, start, index)
      case UInt8(ascii: "("):
        parentheses += 1
        single(.leftParenthesis)
      case UInt8(ascii: ")"):
        parentheses -= 1
        if parentheses < 0 { return fail("unexpected right paren", at: start) }
        single(.rightParenthesis)
      case UInt8(ascii: "."):
        if index + 1 < bytes.count, Self.isDigit(bytes[index + 1]) {
          guard number() else { return false }
        } else {
          guard name(.field) else { return false }
        }
      case UInt8(ascii: "$"):
        guard name(.variable) else { return false }
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        guard number() else { return false }
      default:
        guard Self.isWord(byte) else { return fail("unrecognized character in action: \(shownByte(index))", at: start) }
        guard name(.identifier) else { return false }
      }
    }
  }

  /// Reads a field, a variable or an identifier.
  private mutating func name(_ kind: TemplateToken.Kind) -> Bool {
    let start = index
    if kind != .identifier { index += 1 }
    while index < bytes.count, Self.isWord(bytes[index]) { index += 1 }
    if index < bytes.count, !endsWord(bytes[index]) {
      return fail("bad character \(shownByte(index))", at: index)
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    switch kind {
    case .field: emit(index == start + 1 ? .dot : .field, start, index)
    case .variable: emit(.variable, start, index)
    default:
      if Self.keywords.contains(text) {
        emit(.keyword, start, index)
      } else {
        emit(text == "true" || text == "false" ? .bool : .identifier, start, index)
      }
    }
    return true
  }

  private mutating func number() -> Bool {
    let start = index
    if bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
    let isHexadecimal = hasPrefix("0x", at: index) || hasPrefix("0X", at: index)
    while index < bytes.count {
      let byte = bytes[index]
      let isExponentSign =
        (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"))
        && [UInt8(ascii: isHexadecimal ? "p" : "e"), UInt8(ascii: isHexadecimal ? "P" : "E")].contains(bytes[index - 1])
      guard Self.isWord(byte) || byte == UInt8(ascii: ".") || isExponentSign else { break }
      index += 1
    }
    emit(.number, start, index)
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    guard TemplateNumber(text) != nil || TemplateNumber.isTooLarge(text) else {
      tokens.removeLast()
      return fail("bad number syntax: \(Labels.quoted(text))", at: start)
    }
    return true
  }

  private mutating func quoted(closing: UInt8, _ kind: TemplateToken.Kind, _ complaint: String) -> Bool {
    let start = index
    index += 1
    while index < bytes.count, bytes[index] != closing, bytes[index] != UInt8(ascii: "\n") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard index < bytes.count, bytes[index] == closing else { return fail(complaint, at: start) }
    index += 1
    emit(kind, start, index)
    return true
  }

  private mutating func single(_ kind: TemplateToken.Kind) {
    index += 1
    emit(kind, index - 1, index)
  }

  private mutating func emit(_ kind: TemplateToken.Kind, _ start: Int, _ end: Int) {
    tokens.append(TemplateToken(kind: kind, text: String(decoding: bytes[start..<end], as: UTF8.self), offset: start))
  }

  private mutating func fail(_ message: String, at offset: Int) -> Bool {
    tokens.append(TemplateToken(kind: .failure, text: message, offset: min(offset, bytes.count)))
    return false
  }

  /// `{{- ` removes the white space before it.
  private func trimsLeft(_ delimiter: Int) -> Bool {
    delimiter + 3 < bytes.count && bytes[delimiter + 2] == UInt8(ascii: "-") && Self.isSpace(bytes[delimiter + 3])
  }

  /// ` -}}` removes the white space after it.
  private func trimsRight() -> Bool {
    index + 1 < bytes.count && Self.isSpace(bytes[index]) && bytes[index + 1] == UInt8(ascii: "-")
      && hasPrefix("}}", at: index + 2)
  }

  private func trimsRightAndCloses() -> Bool { trimsRight() }

  private mutating func skipSpaces() {
    while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
  }

  private func hasPrefix(_ prefix: StaticString, at start: Int) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard start >= 0, start + count <= bytes.count else { return false }
    return prefix.withUTF8Buffer { $0.elementsEqual(bytes[start..<(start + count)]) }
  }

  private func find(_ needle: StaticString, from start: Int) -> Int? {
    var position = start
    while position + needle.utf8CodeUnitCount <= bytes.count {
      if hasPrefix(needle, at: position) { return position }
      position += 1
    }
    return nil
  }

  private func endsWord(_ byte: UInt8) -> Bool {
    Self.isSpace(byte) || ".,|:()=".utf8.contains(byte) || hasPrefix("}}", at: index)
  }

  private func shownByte(_ position: Int) -> String {
    let rest = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
    guard let scalar = rest.unicodeScalars.first else { return "EOF" }
    return GoFormat.codePoint(scalar.value) + " '" + String(Character(scalar)) + "'"
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  /// Whether the byte may be part of a name; all of UTF-8 beyond ASCII may.
  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80 || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
  }
}

/// A number as templates write it: an integer wherever the text is one, else a float.
enum TemplateNumber {
  case int(Int)
  case float(Double)

  init?(_ text: String) {
    let digits = text.replacing("_", with: "")
    var body = Substring(digits)
    let isNegative = body.hasPrefix("-")
    if isNegative || body.hasPrefix("+") { body = body.dropFirst() }
    guard let first = body.utf8.first, first == UInt8(ascii: ".") || (first >= 0x30 && first <= 0x39) else {
      return nil
    }
    if let value = Self.magnitude(body) {
      guard let signed = isNegative ? Int(exactly: -Int128(value)) : Int(exactly: value) else { return nil }
      self = .int(signed)
    } else if let value = Double(String(body)) {
      guard value.isFinite else { return nil }
      self = .float(isNegative ? -value : value)
    } else {
      return nil
    }
  }

  /// Whether `text` is an integer that does not fit.
  static func isTooLarge(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }

  private static func magnitude(_ body: Substring) -> UInt64? {
    let lower = body.lowercased()
    if lower.hasPrefix("0x") { return UInt64(lower.dropFirst(2), radix: 16) }
    if lower.hasPrefix("0b") { return UInt64(lower.dropFirst(2), radix: 2) }
    if lower.hasPrefix("0o") { return UInt64(lower.dropFirst(2), radix: 8) }
    if lower.count > 1, lower.hasPrefix("0") { return UInt64(lower.dropFirst(), radix: 8) }
    return lower.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? UInt64(lower) : nil
  }
}
