import Foundation
import TimeSeries

/// The error of a series text that cannot be read.
public struct SeriesNotationError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// The notation of Prometheus's rule unit tests for the values of a series.
///
/// Values are separated by spaces: `1.5`, `-3`, `NaN`, `Inf`, `_` for no sample, `stale` for the
/// staleness marker; `a+bxn` is `a` and then `n` more values each `b` higher, `a-bxn` each `b` lower, `axn` is `a` and
/// then `n` more times `a`, and `_xn` is `n` times no sample.
public enum SeriesNotation {
  /// More values than this are an error.
  public static let valueLimit = 1_000_000

  /// The values that `text` says; nil where there is no sample.
  ///
  /// - Throws: ``SeriesNotationError``.
  public static func values(_ text: String) throws(SeriesNotationError) -> [Double?] {
    var result: [Double?] = []
    for item in text.split(whereSeparator: \.isWhitespace) {
      let (head, count) = try repetition(item)
      guard (count ?? 0) <= valueLimit - result.count else { throw SeriesNotationError("over \(valueLimit) values") }
      if head == "_" {
        result.append(contentsOf: Array(repeating: nil, count: count ?? 1))
      } else if head == "stale" {
        result.append(StaleMarker.value)
      } else if let count {
        let (start, step) = try slope(head)
        for index in 0...count { result.append(start + Double(index) * step) }
      } else {
        result.append(try number(head))
      }
    }
    return result
  }

  /// The samples that `text` says, the first at `start` and the others `step` apart, both in
  /// milliseconds.
  ///
  /// - Throws: ``SeriesNotationError``.
  public static func samples(_ text: String, step: Int64, start: Int64 = 0) throws(SeriesNotationError) -> [Sample] {
    var result: [Sample] = []
    for (index, value) in try values(text).enumerated() {
      if let value { result.append(Sample(start + Int64(index) * step, value)) }
    }
    return result
  }

  /// Splits `0+10x20` into `0+10` and 20.
  private static func repetition(_ item: Substring) throws(SeriesNotationError) -> (Substring, Int?) {
    guard let mark = item.lastIndex(of: "x"), !item.hasPrefix("0x") else { return (item, nil) }
    guard let count = Int(item[item.index(after: mark)...]), count >= 0 else {
      throw SeriesNotationError("\(item): no count after x")
    }
    return (item[..<mark], count)
  }

  /// Splits `0+10` into 0 and 10, `1e-3-2` into 0.001 and -2, and `5` into 5 and 0.
  private static func slope(_ text: Substring) throws(SeriesNotationError) -> (Double, Double) {
    var previous: Character = "e"
    for index in text.indices {
      let character = text[index]
      if (character == "+" || character == "-") && previous != "e" && previous != "E" {
        return (try number(text[..<index]), try number(text[index...]))
      }
      previous = character
    }
    return (try number(text), 0)
  }

  private static func number(_ text: Substring) throws(SeriesNotationError) -> Double {
    if text == "NaN" { return StaleMarker.normalNaN }
    guard let value = Double(text) else { throw SeriesNotationError("\(text): not a number") }
    return value
  }
}
