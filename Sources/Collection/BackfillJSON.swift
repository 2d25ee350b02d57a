import TimeSeries

/// Walks over a JSON text in bytes, without building a tree of it.
///
/// Nothing is read twice, no value is kept, and nesting is counted instead of recursed into, so that the costs are
/// those of the text's length whatever the text is.
struct BackfillJSON: Sendable {
  /// The deepest nesting that is skipped.
  static let deepest = 64

  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The byte that stands next after white space, or 0 at the end; it is not consumed.
  mutating func peek() -> UInt8 {
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return byte }
      index += 1
    }
    return 0
  }

  func error(_ message: String) -> BackfillAnswerError {
    BackfillAnswerError(offset: index, message: message)
  }

  /// Consumes `byte` if it is next.
  mutating func consume(_ byte: UInt8) -> Bool {
    guard peek() == byte, index < bytes.count else { return false }
    index += 1
    return true
  }

  /// Consumes `byte`, which must be next.
  mutating func expect(_ byte: UInt8) throws(BackfillAnswerError) {
    guard consume(byte) else { throw error("expected \"\(Character(UnicodeScalar(byte)))\"") }
  }

  /// The next key of an object whose brace is consumed, with its colon; nil at the object's end.
  mutating func nextKey(isFirst: inout Bool) throws(BackfillAnswerError) -> String? {
    if consume(UInt8(ascii: "}")) { return nil }
    if !isFirst { try expect(UInt8(ascii: ",")) }
    isFirst = false
    let key = try string()
    try expect(UInt8(ascii: ":"))
    return key
  }

  /// Whether an array whose bracket is consumed has another element, which is next.
  mutating func nextElement(isFirst: inout Bool) throws(BackfillAnswerError) -> Bool {
    if consume(UInt8(ascii: "]")) { return false }
    if !isFirst { try expect(UInt8(ascii: ",")) }
    isFirst = false
    return true
  }

  /// Nothing but white space may be left.
  mutating func expectEnd() throws(BackfillAnswerError) {
    _ = peek()
    if index < bytes.count { throw error("there is more after the end") }
  }

  // MARK: Strings

  /// The bytes of a string without escapes, or nil if it has some; the string is then not consumed.
  private mutating func plainString() throws(BackfillAnswerError) -> Range<Int>? {
    let start = index
    try expect(UInt8(ascii: "\""))
    let first = index
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        index += 1
        return first..<(index - 1)
      }
      if byte == UInt8(ascii: "\\") {
        index = start
        return nil
      }
      if byte < 0x20 { throw error("a control character in a string") }
      index += 1
    }
    throw error("a string does not end")
  }

  /// A string.
  mutating func string() throws(BackfillAnswerError) -> String {
    if let range = try plainString() {
      guard let text = String(validating: bytes[range], as: UTF8.self) else { throw error("a string is not UTF-8") }
      return text
    }
    try expect(UInt8(ascii: "\""))
    var text: [UInt8] = []
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return result
      case UInt8(ascii: "\\"): try appendEscape(to: &text)
      case 0..<0x20: throw error("a control character in a string")
      default: text.append(byte)
      }
    }
    throw error("a string does not end")
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(BackfillAnswerError) {
    guard index < bytes.count else { throw error("a string does not end") }
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code & 0xfc00 == 0xd800 {
        guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
          throw error("half a surrogate pair in a string")
        }
        index += 2
        let low = try hexadecimal()
        guard low & 0xfc00 == 0xdc00 else { throw error("half a surrogate pair in a string") }
        code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
      }
      guard let scalar = UnicodeScalar(code) else { throw error("half a surrogate pair in a string") }
      text.append(contentsOf: String(Character(scalar)).utf8)
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(BackfillAnswerError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let digit = index < bytes.count ? Character(UnicodeScalar(bytes[index])).hexDigitValue : nil
      guard let digit else { throw error("four hexadecimal digits must follow \\u") }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  // MARK: Numbers

  /// The bytes of a number, unchecked.
  private mutating func numberBytes() -> Range<Int> {
    _ = peek()
    let start = index
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        index += 1
      default: return start..<index
      }
    }
    return start..<index
  }

  /// A number of seconds, as milliseconds.
  mutating func milliseconds() throws(BackfillAnswerError) -> Int64 {
    let range = numberBytes()
    if let exact = exactMilliseconds(range) { return exact }
    guard range.count <= BackfillNumber.longest, let seconds = Double(String(decoding: bytes[range], as: UTF8.self)),
      abs(seconds) < 1e14
    else { throw error("not a time") }
    return Int64((seconds * 1000).rounded())
  }

  /// Digits, and up to three more after a point.
  private func exactMilliseconds(_ range: Range<Int>) -> Int64? {
    guard range.count <= 17, !range.isEmpty else { return nil }
    var value: Int64 = 0
    var decimals = -1
    for byte in bytes[range] {
      if byte == UInt8(ascii: "."), decimals < 0 {
        decimals = 0
        continue
      }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      if decimals >= 0 { decimals += 1 }
    }
    switch decimals {
    case -1: return range.count <= 14 ? value * 1000 : nil
    case 1: return value * 100
    case 2: return value * 10
    case 3: return value
    default: return nil
    }
  }

  /// A sample's value: a number in a string.
  mutating func quotedNumber() throws(BackfillAnswerError) -> Double {
    guard peek() == UInt8(ascii: "\"") else { throw error("a value must be a string") }
    guard let range = try plainString(), let value = BackfillNumber.parse(bytes[range]) else {
      throw error("a value is not a number")
    }
    return value
  }

  // MARK: Skipping

  /// Consumes any value.
  mutating func skipValue() throws(BackfillAnswerError) {
    var depth = 0
    repeat {
      switch peek() {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth > Self.deepest { throw error("nested deeper than \(Self.deepest)") }
        index += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { throw error("a value is missing") }
        index += 1
      case UInt8(ascii: "\""):
        if try plainString() == nil { _ = try string() }
      case UInt8(ascii: ","), UInt8(ascii: ":"):
        if depth == 0 { throw error("a value is missing") }
        index += 1
      case UInt8(ascii: "t"): try expectWord("true")
      case UInt8(ascii: "f"): try expectWord("false")
      case UInt8(ascii: "n"): try expectWord("null")
      default:
        if numberBytes().isEmpty { throw error("a value is missing") }
      }
    } while depth > 0
  }

  private mutating func expectWord(_ word: String) throws(BackfillAnswerError) {
    guard bytes[index...].starts(with: word.utf8) else { throw error("an unknown word") }
    index += word.utf8.count
  }
}

/// Numbers as the query API writes them in strings.
enum BackfillNumber {
  static let longest = 400

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Reads up to 15 digits with a point at once (both parts are exact, so that one division rounds once), and all else
  /// by the standard library.
  static func parse(_ bytes: ArraySlice<UInt8>) -> Double? {
    guard let first = bytes.first, bytes.count <= longest else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    var digits = 0
    var decimals = -1
    var value: UInt64 = 0
    for byte in isNegative ? bytes.dropFirst() : bytes {
      if byte == UInt8(ascii: "."), decimals < 0 {
        decimals = 0
        continue
      }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 15 else { return parseSlowly(bytes) }
      value = value * 10 + UInt64(byte - UInt8(ascii: "0"))
      digits += 1
      if decimals >= 0 { decimals += 1 }
    }
    if digits == 0 || decimals == 0 { return nil }
    let result = decimals > 0 ? Double(value) / powersOfTen[decimals] : Double(value)
    return isNegative ? -result : result
  }

  private static func parseSlowly(_ bytes: ArraySlice<UInt8>) -> Double? {
    switch String(decoding: bytes, as: UTF8.self) {
    // Any NaN that a query gives is an ordinary value: a query never gives the staleness marker.
    case "NaN": StaleMarker.normalNaN
    case "+Inf", "Inf": .infinity
    case "-Inf": -.infinity
    case let text:
      bytes.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || "+-.eE".utf8.contains($0) } ? Double(text) : nil
    }
  }
}
