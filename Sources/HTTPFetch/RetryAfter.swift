import Foundation

extension HTTPResponse {
  /// For how many milliseconds the server asks to be left alone (`Retry-After`, RFC 9110, section 10.2.3: seconds or a
  /// date), a day at most; nil if it does not ask, or not in a way that can be read.
  ///
  /// - Parameter now: UTC milliseconds, for a date.
  public func retryAfter(at now: Int64) -> Int64? {
    guard let text = header("Retry-After") else { return nil }
    if let seconds = Int64(text) { return seconds >= 0 ? min(seconds, 86_400) * 1000 : nil }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    guard let date = format.date(from: text) else { return nil }
    return min(max(0, Int64(date.timeIntervalSince1970 * 1000) - now), 86_400_000)
  }
}
