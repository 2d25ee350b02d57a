/// A number of decimals, with which values are integers: 12.5 is 125 with one decimal.
///
/// The idea of writing values as scaled integers is that of VictoriaMetrics' storage.
package struct DecimalScale: Sendable, Equatable {
  /// 0 to 6.
  package let digits: UInt8

  static let most: UInt8 = 6
  private static let powers: [Double] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
  /// Below this, doubles tell all integers apart.
  private static let largest = 9_007_199_254_740_992.0

  package init(_ digits: UInt8) { self.digits = min(digits, Self.most) }

  var power: Double { Self.powers[Int(digits)] }

  /// The integer from which ``value(_:)`` makes the very bits of `value`; nil if there is none, as for NaN, infinity and
  /// minus zero.
  @inline(__always)
  func integer(_ value: Double) -> Int64? {
    if digits == 0 {
      guard value.magnitude < Self.largest else { return nil }
      let integer = Int64(value)
      return Double(integer).bitPattern == value.bitPattern ? integer : nil
    }
    let scaled = (value * power).rounded()
    guard scaled.magnitude < Self.largest else { return nil }
    let integer = Int64(scaled)
    return (Double(integer) / power).bitPattern == value.bitPattern ? integer : nil
  }

  /// The value that an integer stands for.
  package func value(_ integer: Int64) -> Double { digits == 0 ? Double(integer) : Double(integer) / power }

  /// The integers that all of `values` are; nil if one is none.
  package func integers(_ values: [Double]) -> [Int64]? {
    var result: [Int64] = []
    result.reserveCapacity(values.count)
    for value in values {
      guard let integer = integer(value) else { return nil }
      result.append(integer)
    }
    return result
  }

  /// The least number of decimals above this with which `value` and all of `others` are integers.
  func widened(for value: Double, after others: [Double]) -> DecimalScale? {
    guard digits < Self.most else { return nil }
    for digits in (digits + 1)...Self.most {
      let scale = DecimalScale(digits)
      if scale.integer(value) != nil, others.allSatisfy({ scale.integer($0) != nil }) { return scale }
    }
    return nil
  }

  /// The least number of decimals with which all of `values` are integers, and those integers.
  package static func least(for values: [Double]) -> (scale: DecimalScale, integers: [Int64])? {
    var scale = DecimalScale(0)
    for value in values {
      while scale.integer(value) == nil {
        guard scale.digits < most else { return nil }
        scale = DecimalScale(scale.digits + 1)
      }
    }
    // An earlier value may have no room for the decimals that a later one asked for.
    return scale.integers(values).map { (scale, $0) }
  }
}
