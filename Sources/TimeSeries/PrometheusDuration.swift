/// Prometheus's notation for durations: `1h30m`, `15s`, `100ms`, `2w`.
///
/// Units are `ms s m h d w y`, largest first, each at most once; a day has 24 h, a year 365 d.
public enum PrometheusDuration {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000),
    ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// The milliseconds that `text` says, or nil if it is not a duration. `0` needs no unit.
  public static func parse(_ text: some StringProtocol) -> Int64? {
    if text == "0" { return 0 }
    var total: Int64 = 0
    var nextUnit = 0
    var rest = text.utf8[...]
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      guard !digits.isEmpty, let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
      rest = rest[digits.endIndex...]
      let letters = rest.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
      rest = rest[letters.endIndex...]
      let name = String(decoding: letters, as: UTF8.self)
      guard let index = units[nextUnit...].firstIndex(where: { $0.name == name }) else { return nil }
      nextUnit = index + 1
      let (product, overflow) = number.multipliedReportingOverflow(by: units[index].milliseconds)
      let (sum, carry) = total.addingReportingOverflow(product)
      if overflow || carry { return nil }
      total = sum
    }
    return total
  }

  /// `milliseconds` in the notation that Prometheus prints, for instance `1h30m`.
  public static func format(_ milliseconds: Int64) -> String {
    if milliseconds == 0 { return "0s" }
    var rest = milliseconds.magnitude
    var result = milliseconds < 0 ? "-" : ""
    // Years and weeks are only printed when nothing smaller remains, as Prometheus does.
    for (name, length) in units {
      let size = UInt64(length)
      if (name == "y" || name == "w") && rest % size != 0 { continue }
      if rest >= size {
        result += "\(rest / size)\(name)"
        rest %= size
      }
    }
    return result
  }
}
