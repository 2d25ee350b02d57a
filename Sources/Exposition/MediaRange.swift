/// One element of an `Accept` header, or the value of a `Content-Type` header (RFC 9110, sections 8.3 and 12.5.1).
struct MediaRange {
  /// The lower-cased type, for instance `text`, or `*`.
  var type: String
  /// The lower-cased subtype, for instance `plain`, or `*`.
  var subtype: String
  /// Parameters other than `q`, names lower-cased, values unquoted.
  var parameters: [String: String] = [:]
  /// The weight, 0 to 1. An unreadable weight counts as 0, so that a broken element is never preferred.
  var quality = 1.0

  /// Reads one element, or gives nil if it has no `type/subtype`.
  init?(_ text: some StringProtocol) {
    let parts = MediaRange.split(text, on: ";")
    guard let head = parts.first else { return nil }
    let names = head.split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
    type = names[0].lowercased()
    subtype = names[1].lowercased()
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "=") else { continue }
      let name = MediaRange.trimmed(part[..<equals]).lowercased()
      var value = MediaRange.trimmed(part[part.index(after: equals)...])
      if value.count >= 2, value.first == "\"", value.last == "\"" { value = String(value.dropFirst().dropLast()) }
      if name == "q" {
        let weight = FloatText.parse(value) ?? 0
        quality = weight >= 0 && weight <= 1 ? weight : 0
      } else {
        parameters[name] = value
      }
    }
  }

  /// The elements of an `Accept` header, unreadable ones left out, the preferred first; equal weights keep their order.
  static func list(_ header: String) -> [MediaRange] {
    // More elements than any client sends are not looked at: the header comes from outside.
    let ranges = split(header, on: ",").prefix(64).compactMap { MediaRange($0) }
    return ranges.enumerated()
      .sorted { ($1.element.quality, $0.offset) < ($0.element.quality, $1.offset) }
      .map(\.element)
  }

  private static func split(_ text: some StringProtocol, on separator: Character) -> [String] {
    var parts: [String] = []
    var part = ""
    var quoted = false
    for character in text {
      if character == "\"" { quoted.toggle() }
      if character == separator && !quoted {
        parts.append(trimmed(part))
        part = ""
      } else {
        part.append(character)
      }
    }
    parts.append(trimmed(part))
    return parts
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var view = text[...]
    while let first = view.first, first == " " || first == "\t" { view = view.dropFirst() }
    while let last = view.last, last == " " || last == "\t" { view = view.dropLast() }
    return String(view)
  }
}
