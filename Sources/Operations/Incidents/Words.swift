/// How numbers read in a sentence.
enum Words {
  /// For instance `45 s`, `25 min`, `3.5 h`, `2.1 d`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "an unknown time" }
    if seconds < 120 { return "\(number(seconds.rounded())) s" }
    if seconds < 7200 { return "\(number((seconds / 60).rounded())) min" }
    if seconds < 2 * 86_400 { return "\(number((seconds / 360).rounded() / 10)) h" }
    return "\(number((seconds / 8640).rounded() / 10)) d"
  }

  /// For instance `25 min (20 min to 40 min)`.
  static func interval(_ time: TimeToLimit?) -> String {
    guard let time else { return "a short time" }
    return "\(duration(time.median)) (\(duration(time.lower)) to \(duration(time.upper)))"
  }

  static func bytes(_ value: Double) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = value
    var unit = 0
    while abs(value) >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return "\(number(abs(value) >= 100 ? value.rounded() : (value * 10).rounded() / 10)) \(units[unit])"
  }

  static func number(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    let scale = abs(value) >= 100 ? 1.0 : abs(value) >= 1 ? 10 : 1000
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() ? String(Int64(rounded)) : "\(rounded)"
  }

  /// A number and what is counted, for instance `1 message waits`, `1.5 messages wait`.
  static func count(_ value: Double, _ one: String, _ many: String) -> String {
    let text = number(value)
    return "\(text) \(text == "1" ? one : many)"
  }

  /// The time of day, UTC, for instance `14:02`.
  static func clock(_ seconds: Double) -> String {
    let minutes = Int((seconds / 60).rounded(.down)) % 1440
    let hour = minutes / 60
    let minute = minutes % 60
    return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
  }
}
