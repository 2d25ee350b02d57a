import TimeSeries

/// What template functions do with strings.
enum TemplateText {
  /// The most bytes that one `reReplaceAll` may look through, over all matches.
  private static let maximumSearch = 4 << 20

  /// Each word with its first letter raised.
  static func title(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var startsWord = true
    for scalar in text.unicodeScalars {
      result.append(
        contentsOf: startsWord ? scalar.properties.titlecaseMapping.unicodeScalars : String(scalar).unicodeScalars)
      let properties = scalar.properties
      let isWord = properties.isAlphabetic || properties.numericType != nil || scalar == "_" || scalar == "'"
      startsWord = !isWord
    }
    return String(result)
  }

  /// `host:port` or `[host]:port` in parts, or nil if it is neither.
  static func hostAndPort(_ text: String) -> (host: String, port: String)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let port = String(text[text.index(after: colon)...])
    let host = text[..<colon]
    if host.hasPrefix("[") {
      guard host.hasSuffix("]") else { return nil }
      let inner = host.dropFirst().dropLast()
      return inner.contains("[") || inner.contains("]") ? nil : (String(inner), port)
    }
    return host.contains(":") || host.contains("[") || host.contains("]") || port.contains("]")
      ? nil : (String(host), port)
  }

  /// The host without its domain; addresses stay as they are, and a port is kept.
  static func stripDomain(_ text: String) -> String {
    let parts = hostAndPort(text)
    let host = parts?.host ?? text
    if isAddress(host) { return text }
    let name = String(host.prefix { $0 != "." })
    guard let port = parts?.port else { return name }
    return name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
  }

  private static func isAddress(_ host: String) -> Bool {
    if host.contains(":") { return host.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." || $0 == "%" } }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { $0.allSatisfy(\.isASCII) && UInt8($0) != nil }
  }

  /// `text` as part of a URL's query.
  static func queryEscaped(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"):
        result.append(byte)
      case UInt8(ascii: " "): result.append(UInt8(ascii: "+"))
      default:
        result.append(UInt8(ascii: "%"))
        let hex = String(byte, radix: 16, uppercase: true)
        result.append(contentsOf: Array((hex.utf8.count < 2 ? "0" + hex : hex).utf8))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The path of a URL, without the slash at its end.
  static func path(ofURL url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return "" }
    let rest = url[scheme.upperBound...]
    guard let slash = rest.firstIndex(of: "/") else { return "" }
    var path = rest[slash...].prefix { $0 != "?" && $0 != "#" }
    while path.hasSuffix("/") { path = path.dropLast() }
    return String(path)
  }

  // MARK: Regular expressions

  /// Whether `pattern` matches somewhere in `text`.
  static func matches(_ text: String, pattern: String) throws(TemplateComplaint) -> Bool {
    try compiled("(?s:.*)(?-s:\(try checked(pattern)))(?s:.*)").matchesWhole(text)
  }

  /// `text` with every match of `pattern` replaced by `replacement`, in which `$1` or `${name}` stand for groups.
  ///
  /// - Complexity: O(matches · `text`), bounded.
  static func replaceAll(
    in text: String, pattern: String, by replacement: String
  ) throws(TemplateComplaint) -> String {
    let pattern = try checked(pattern)
    // A match of the whole text, whose lazy head leaves the leftmost match of the pattern to group 2.
    let first = try compiled("(?s:(.*?))((?-s:\(pattern)))(?s:(.*))")
    // Later searches keep the scalar before them, so that `^` and `\b` see it.
    let later = try compiled("(?s:(.+?))((?-s:\(pattern)))(?s:(.*))")
    let template = shiftingGroups(in: replacement)
    var result = ""
    var rest = text
    var expression = first
    var searched = 0
    var kept = 0
    var afterMatch = false
    while let groups = expression.captures(in: rest), groups.count >= 4, let tail = groups.last {
      searched += rest.utf8.count + 1
      if searched > maximumSearch || result.utf8.count > TemplateEnvironment.maximumOutput {
        throw TemplateComplaint("more than \(maximumSearch) bytes to search or to produce")
      }
      let head = String(groups[1].unicodeScalars.dropFirst(kept))
      result += head
      let matched = groups[2]
      // An empty match right after a match does not count.
      if !(matched.isEmpty && head.isEmpty && afterMatch) {
        result += expression.expand(template, matching: rest) ?? ""
      }
      afterMatch = true
      if matched.isEmpty {
        guard let next = tail.unicodeScalars.first else { return result }
        result.unicodeScalars.append(next)
        rest = tail
        afterMatch = false
      } else {
        guard let last = matched.unicodeScalars.last else { return result }
        rest = String(last) + tail
      }
      expression = later
      kept = 1
    }
    return result + String(rest.unicodeScalars.dropFirst(kept))
  }

  private static func checked(_ pattern: String) throws(TemplateComplaint) -> String {
    _ = try compiled(pattern)
    return pattern
  }

  private static func compiled(_ pattern: String) throws(TemplateComplaint) -> RegularExpression {
    do {
      return try RegularExpression(anchored: pattern)
    } catch {
      throw TemplateComplaint("\(error)")
    }
  }

  /// `replacement` with its numbered groups renumbered for the two groups that come before the pattern's own.
  private static func shiftingGroups(in replacement: String) -> String {
    var result = ""
    var rest = Substring(replacement)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$$"
        rest = rest.dropFirst()
        continue
      }
      let isBraced = rest.first == "{"
      let body = isBraced ? rest.dropFirst() : rest
      let name = body.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      let after = body[name.endIndex...]
      if name.isEmpty || (isBraced && after.first != "}") {
        result += "$$"
        continue
      }
      result += "${" + (Int(name).map { String($0 &+ 2) } ?? String(name)) + "}"
      rest = isBraced ? after.dropFirst() : after
    }
    return result + rest
  }
}
