import CRE2

/// Why a regular expression was refused.
public struct RegularExpressionError: Error, Sendable, Equatable, CustomStringConvertible {
  public let pattern: String
  public let reason: String

  public var description: String { "invalid regular expression \"\(pattern.prefix(200))\": \(reason)" }
}

/// A regular expression with RE2's syntax and linear running time, compiled once.
///
/// Prometheus's semantics: the dot matches newlines, and ``matchesWhole(_:)`` is anchored at both
/// ends. Memory of one compiled expression is bounded (8 MiB), so a hostile pattern is refused
/// rather than run.
public final class RegularExpression: Sendable {
  /// The pattern as written.
  public let pattern: String

  /// If the pattern is a plain alternation of literals (`a|b|c`), those; a set look-up then
  /// replaces the automaton.
  public let literalAlternatives: [String]?
  private let literals: Set<String>
  // Safe to share: RE2 objects are immutable after construction and documented as thread-safe.
  private nonisolated(unsafe) let handle: OpaquePointer?

  /// Compiles `pattern`, to be matched against whole strings.
  ///
  /// - Throws: ``RegularExpressionError`` with RE2's message.
  public init(anchored pattern: String) throws {
    self.pattern = pattern
    let alternatives = RegularExpression.splitLiterals(pattern)
    literalAlternatives = alternatives
    literals = Set(alternatives ?? [])
    if alternatives == nil {
      var message = [CChar](repeating: 0, count: 256)
      var copy = pattern
      let compiled = copy.withUTF8 { bytes in
        message.withUnsafeMutableBufferPointer { buffer in
          hc_re2_new(
            UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self), bytes.count,
            buffer.baseAddress, buffer.count)
        }
      }
      guard let compiled else {
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw RegularExpressionError(pattern: pattern, reason: text)
      }
      handle = compiled
    } else {
      handle = nil
    }
  }

  deinit {
    if let handle { hc_re2_delete(handle) }
  }

  /// Whether the expression matches all of `text`.
  public func matchesWhole(_ text: String) -> Bool {
    guard let handle else { return literals.contains(text) }
    var copy = text
    return copy.withUTF8 { bytes in
      hc_re2_full_match(
        handle, UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
        bytes.count, nil, 0)
    }
  }

  /// The capture groups of a match of all of `text`, group 0 (the whole text) first; a group that
  /// took no part is empty. Nil if the expression does not match.
  public func captures(in text: String) -> [String]? {
    guard let handle else { return literals.contains(text) ? [text] : nil }
    let groups = Int(hc_re2_group_count(handle))
    var spans = [hc_re2_span](repeating: hc_re2_span(), count: groups)
    var copy = text
    return copy.withUTF8 { bytes -> [String]? in
      let matched = spans.withUnsafeMutableBufferPointer { buffer in
        hc_re2_full_match(
          handle, UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
          bytes.count, buffer.baseAddress, Int32(groups))
      }
      guard matched else { return nil }
      return [text]
        + spans.map { span in
          span.offset < 0
            ? "" : String(decoding: bytes[Int(span.offset)..<Int(span.offset + span.length)], as: UTF8.self)
        }
    }
  }

  /// Expands `$1`, `${1}`, `$name` and `${name}` in `template` as Go's `Regexp.Expand` does; nil if
  /// the expression does not match all of `text`.
  public func expand(_ template: String, matching text: String) -> String? {
    guard let groups = captures(in: text) else { return nil }
    guard template.utf8.contains(UInt8(ascii: "$")) else { return template }
    var result = ""
    var rest = Substring(template)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$"
        rest = rest.dropFirst()
        continue
      }
      var name: Substring
      var after: Substring
      if rest.first == "{" {
        guard let close = rest.firstIndex(of: "}") else {
          result += "$"
          continue
        }
        name = rest[rest.index(after: rest.startIndex)..<close]
        after = rest[rest.index(after: close)...]
      } else {
        name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        after = rest[name.endIndex...]
      }
      if name.isEmpty {
        result += "$"
        continue
      }
      rest = after
      // Only digits make a number: what else Int accepts, a sign, would be an index out of bounds.
      if name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
        if let index = Int(name), index < groups.count { result += groups[index] }
      } else if let handle {
        let index = String(name).withCString { hc_re2_group_index(handle, $0) }
        if index > 0, Int(index) < groups.count { result += groups[Int(index)] }
      }
    }
    return result + rest
  }

  /// The alternatives of a pattern without metacharacters other than `|`, or nil.
  private static func splitLiterals(_ pattern: String) -> [String]? {
    let special = Set("\\.+*?()[]{}^$".utf8)
    if pattern.utf8.contains(where: special.contains) { return nil }
    return pattern.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
  }
}
