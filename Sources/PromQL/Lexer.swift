/// Splits a query into tokens.
///
/// What a character means depends on the brackets around it: label matchers inside braces know no
/// keywords, durations inside square brackets allow only a few words. A lexical error becomes the
/// last token, so that the parser reports whichever error comes first in the text.
struct Lexer {
  let bytes: [UInt8]
  var position = 0
  var start = 0
  var line = 1
  var lineStart = 0
  /// How far line breaks are counted.
  var counted = 0
  var parenthesisDepth = 0
  var braceOpen = false
  var bracketOpen = false
  var gotColon = false
  /// Whether the text right after `[`, up to the first number, is being read.
  var expectsDuration = false
  var tokens: [Token] = []
  var isFinished = false

  static let words: [String: TokenKind] = {
    var table: [String: TokenKind] = ["inf": .number, "nan": .number]
    for word in Keyword.allCases { table[word.rawValue] = .keyword(word) }
    for operation in AggregationOperator.allCases { table[operation.rawValue] = .aggregation(operation) }
    for (word, operation) in BinaryOperator.words { table[word] = .binary(operation) }
    return table
  }()

  /// Whether `step`, `range`, `min_of` and `max_of` may stand in brackets.
  private let hasDurationWords: Bool
  /// Whether brackets have held a number since the start of the text.
  private var gotDuration = false

  private init(_ bytes: [UInt8], _ hasDurationWords: Bool) {
    self.bytes = bytes
    self.hasDurationWords = hasDurationWords
  }

  /// The tokens of `bytes`; the last is the end of input or a failure.
  static func tokens(of bytes: [UInt8], durationWords: Bool = false) -> [Token] {
    var lexer = Lexer(bytes, durationWords)
    lexer.tokens.reserveCapacity(bytes.count / 4 + 2)
    while !lexer.isFinished {
      if lexer.braceOpen {
        lexer.scanInsideBraces()
      } else if lexer.expectsDuration {
        lexer.scanDurationStart()
      } else {
        lexer.scanStatement()
      }
    }
    return lexer.tokens
  }

  // MARK: Characters

  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  var following: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }

  static func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  static func isAlpha(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
  }

  static func isAlphaNumeric(_ byte: UInt8?) -> Bool { isAlpha(byte) || isDigit(byte) }

  /// The character at `index`, as messages print it; the end of the text prints as U+FFFD.
  func scalar(at index: Int) -> Unicode.Scalar {
    guard index < bytes.count else { return "\u{fffd}" }
    return String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self).unicodeScalars.first
      ?? "\u{fffd}"
  }

  func quotedCharacter(at index: Int) -> String { GoText.quotedCharacter(scalar(at: index)) }

  mutating func emit(_ kind: TokenKind) {
    while counted < start {
      if bytes[counted] == UInt8(ascii: "\n") {
        line += 1
        lineStart = counted + 1
      }
      counted += 1
    }
    tokens.append(
      Token(
        kind: kind, range: SourceRange(start, position, line: line, column: start - lineStart + 1),
        text: String(decoding: bytes[start..<position], as: UTF8.self)))
    start = position
  }

  mutating func emit(_ kind: TokenKind, length: Int) {
    position += length
    emit(kind)
  }

  mutating func fail(_ message: String) {
    tokens.append(Token(kind: .failure, range: SourceRange(start, bytes.count), text: message))
    isFinished = true
  }

  mutating func skipSpaces() {
    while let byte = current, Lexer.isSpace(byte) { position += 1 }
    start = position
  }

  mutating func skipComment() {
    while let byte = current, byte != 0x0a, byte != 0x0d { position += 1 }
    start = position
  }

  // MARK: States

  mutating func scanStatement() {
    guard let byte = current else {
      if parenthesisDepth != 0 {
        fail("unclosed left parenthesis")
      } else if bracketOpen {
        fail("unclosed left bracket")
      } else {
        emit(.endOfInput)
        isFinished = true
      }
      return
    }
    if Lexer.isSpace(byte) { return skipSpaces() }
    switch byte {
    case UInt8(ascii: "#"): skipComment()
    case UInt8(ascii: ","): emit(.comma, length: 1)
    case UInt8(ascii: "="):
      switch following {
      case UInt8(ascii: "="): emit(.binary(.equal), length: 2)
      case UInt8(ascii: "~"): fail("unexpected character after '=': '~'")
      default: emit(.assign, length: 1)
      }
    case UInt8(ascii: "!"):
      if following == UInt8(ascii: "=") {
        emit(.binary(.notEqual), length: 2)
      } else {
        fail("unexpected character after '!': \(quotedCharacter(at: position + 1))")
      }
    case UInt8(ascii: "<"):
      switch following {
      case UInt8(ascii: "="): emit(.binary(.lessOrEqual), length: 2)
      case UInt8(ascii: "/"): emit(.binary(.trimUpper), length: 2)
      default: emit(.binary(.less), length: 1)
      }
    case UInt8(ascii: ">"):
      switch following {
      case UInt8(ascii: "="): emit(.binary(.greaterOrEqual), length: 2)
      case UInt8(ascii: "/"): emit(.binary(.trimLower), length: 2)
      default: emit(.binary(.greater), length: 1)
      }
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): scanString(quote: byte)
    case UInt8(ascii: "{"):
      emit(.leftBrace, length: 1)
      braceOpen = true
    case UInt8(ascii: "["):
      if bracketOpen { return fail("unexpected left bracket '['") }
      emit(.leftBracket, length: 1)
      bracketOpen = true
      gotColon = false
      expectsDuration = true
    case UInt8(ascii: "]"):
      if !bracketOpen { return fail("unexpected right bracket ']'") }
      emit(.rightBracket, length: 1)
      bracketOpen = false
    case UInt8(ascii: "@"): emit(.at, length: 1)
    default:
      if scanArithmetic(byte) { return }
      if Lexer.isDigit(byte) || (byte == UInt8(ascii: ".") && Lexer.isDigit(following)) {
        scanNumberOrDuration()
      } else if Lexer.isAlpha(byte) || byte == UInt8(ascii: ":") {
        bracketOpen ? scanWordInBrackets(byte) : scanWord()
      } else {
        fail("unexpected character: \(quotedCharacter(at: position))")
      }
    }
  }

  /// Signs and parentheses that mean the same in and out of brackets.
  mutating func scanArithmetic(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "*"): emit(.binary(.multiply), length: 1)
    case UInt8(ascii: "/"): emit(.binary(.divide), length: 1)
    case UInt8(ascii: "%"): emit(.binary(.modulo), length: 1)
    case UInt8(ascii: "+"): emit(.binary(.add), length: 1)
    case UInt8(ascii: "-"): emit(.binary(.subtract), length: 1)
    case UInt8(ascii: "^"): emit(.binary(.power), length: 1)
    case UInt8(ascii: "("):
      emit(.leftParen, length: 1)
      parenthesisDepth += 1
    case UInt8(ascii: ")"):
      parenthesisDepth -= 1
      if parenthesisDepth < 0 {
        position += 1
        start = position
        fail("unexpected right parenthesis ')'")
      } else {
        emit(.rightParen, length: 1)
      }
    default: return false
    }
    return true
  }

  mutating func scanDurationStart() {
    guard let byte = current else { return fail("unexpected end of input in duration expression") }
    if Lexer.isSpace(byte) { return skipSpaces() }
    switch byte {
    case UInt8(ascii: "]"):
      emit(.rightBracket, length: 1)
      bracketOpen = false
      expectsDuration = false
    case UInt8(ascii: ":"):
      let start = self.start
      position += 1
      self.start = position
      if !gotDuration { return fail("unexpected colon before duration in duration expression") }
      if gotColon { return fail("unexpected repeated colon in duration expression") }
      self.start = start
      emit(.colon)
      gotColon = true
    case UInt8(ascii: ",") where hasDurationWords: emit(.comma, length: 1)
    default:
      if scanArithmetic(byte) { return }
      if Lexer.isDigit(byte) || (byte == UInt8(ascii: ".") && Lexer.isDigit(following)) {
        expectsDuration = false
        gotDuration = true
        scanNumberOrDuration()
      } else if !scanDurationWord(byte) {
        fail("unexpected character in duration expression: \(quotedCharacter(at: position))")
      } else {
        expectsDuration = false
      }
    }
  }

  mutating func scanWordInBrackets(_ byte: UInt8) {
    if scanDurationWord(byte) { return }
    // After the first number, a letter counts as a colon.
    if gotColon { return fail("unexpected colon \(quotedCharacter(at: position))") }
    emit(.colon, length: 1)
    gotColon = true
  }

  /// Reads `step`, `range`, `max_of` or `min_of`; false, and nothing read, if there is none.
  mutating func scanDurationWord(_ byte: UInt8) -> Bool {
    guard hasDurationWords, Lexer.isAlpha(byte) else { return false }
    var end = position
    while end < bytes.count, Lexer.isAlpha(bytes[end]) { end += 1 }
    let word = String(decoding: bytes[position..<end], as: UTF8.self).lowercased()
    guard let keyword = Keyword(rawValue: word) else { return false }
    switch keyword {
    case .step, .range, .maxOf, .minOf:
      emit(.keyword(keyword), length: end - position)
      return true
    default: return false
    }
  }

  mutating func scanInsideBraces() {
    guard let byte = current else { return fail("unexpected end of input inside braces") }
    if Lexer.isSpace(byte) { return skipSpaces() }
    switch byte {
    case UInt8(ascii: "#"): skipComment()
    case UInt8(ascii: ","): emit(.comma, length: 1)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): scanString(quote: byte)
    case UInt8(ascii: "="):
      let regular = following == UInt8(ascii: "~")
      emit(regular ? .matches : .assign, length: regular ? 2 : 1)
    case UInt8(ascii: "!"):
      switch following {
      case UInt8(ascii: "~"): emit(.doesNotMatch, length: 2)
      case UInt8(ascii: "="): emit(.binary(.notEqual), length: 2)
      default: fail("unexpected character after '!' inside braces: \(quotedCharacter(at: position + 1))")
      }
    case UInt8(ascii: "{"): fail("unexpected left brace '{'")
    case UInt8(ascii: "}"):
      emit(.rightBrace, length: 1)
      braceOpen = false
    default:
      guard Lexer.isAlpha(byte) else {
        return fail("unexpected character inside braces: \(quotedCharacter(at: position))")
      }
      while Lexer.isAlphaNumeric(current) { position += 1 }
      emit(.identifier)
    }
  }
}
