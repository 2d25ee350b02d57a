/// Label names that do not fit into a URL's path, as Prometheus escapes them there: `U__`, then `_` doubled and every
/// other character outside of letters and digits as `_`, its code in hexadecimal, `_`.
enum UTF8Name {
  /// The name that is meant; a text that is not escaped properly means itself.
  static func decode(_ text: String) -> String {
    guard text.hasPrefix("U__") else { return text }
    var result = String.UnicodeScalarView()
    var rest = text.unicodeScalars.dropFirst(3)
    while let scalar = rest.popFirst() {
      if scalar != "_" {
        result.append(scalar)
        continue
      }
      if rest.first == "_" {
        result.append("_")
        rest = rest.dropFirst()
        continue
      }
      let digits = rest.prefix { $0 != "_" }
      guard digits.count <= 6, digits.endIndex < rest.endIndex,
        let code = UInt32(String(Substring(digits)), radix: 16), let decoded = UnicodeScalar(code)
      else { return text }
      result.append(decoded)
      rest = rest[digits.endIndex...].dropFirst()
    }
    return String(result)
  }
}
