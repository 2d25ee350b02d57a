#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Functions whose treatment of special values follows IEEE 754 as Go's library has it.
enum GoMath {
  /// The larger number; NaN if either is NaN, unless one is +Inf.
  @inline(__always)
  static func max(_ a: Double, _ b: Double) -> Double {
    if a == .infinity || b == .infinity { return .infinity }
    if a.isNaN || b.isNaN { return .nan }
    if a == 0 && b == 0 { return a.sign == .minus ? b : a }
    return a > b ? a : b
  }

  /// The smaller number; NaN if either is NaN, unless one is -Inf.
  @inline(__always)
  static func min(_ a: Double, _ b: Double) -> Double {
    if a == -.infinity || b == -.infinity { return -.infinity }
    if a.isNaN || b.isNaN { return .nan }
    if a == 0 && b == 0 { return a.sign == .minus ? a : b }
    return a < b ? a : b
  }
}

/// Compensated summation (Kahan, in Neumaier's variant).
struct KahanSum {
  var sum = 0.0
  var compensation = 0.0

  @inline(__always)
  mutating func add(_ value: Double) {
    let total = sum + value
    if total.isInfinite {
      compensation = 0
    } else if abs(sum) >= abs(value) {
      compensation += (sum - total) + value
    } else {
      compensation += (value - total) + sum
    }
    sum = total
  }

  /// The compensated total.
  @inline(__always)
  var total: Double { sum + compensation }
}

/// A mean by compensated summation, which turns to an incremental mean when the sum would overflow.
struct KahanMean {
  private var sum = KahanSum()
  private var mean = 0.0
  private(set) var count = 0
  private var isIncremental = false

  @inline(__always)
  mutating func add(_ value: Double) {
    count += 1
    if count == 1 {
      sum.sum = value
      mean = value
      return
    }
    let count = Double(self.count)
    if !isIncremental {
      var next = sum
      next.add(value)
      if !next.sum.isInfinite {
        sum = next
        return
      }
      isIncremental = true
      mean = sum.sum / (count - 1)
      sum.compensation /= count - 1
    }
    let share = (count - 1) / count
    var next = KahanSum(sum: share * mean, compensation: share * sum.compensation)
    next.add(value / count)
    mean = next.sum
    sum.compensation = next.compensation
  }

  var value: Double {
    let count = Double(self.count)
    return isIncremental ? mean + sum.compensation : sum.sum / count + sum.compensation / count
  }
}

/// The binary operators on numbers.
enum ScalarArithmetic {
  /// The result of an operator; comparisons give 1 or 0, set operators NaN.
  static func apply(_ operation: BinaryOperator, _ a: Double, _ b: Double) -> Double {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .modulo: fmod(a, b)
    case .power: GoMath.pow(a, b)
    case .atan2: GoMath.atan2(a, b)
    case .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater: compare(operation, a, b) ? 1 : 0
    case .and, .or, .unless, .trimUpper, .trimLower: .nan
    }
  }

  /// Whether a comparison holds.
  @inline(__always)
  static func compare(_ operation: BinaryOperator, _ a: Double, _ b: Double) -> Bool {
    switch operation {
    case .equal: a == b
    case .notEqual: a != b
    case .lessOrEqual: a <= b
    case .less: a < b
    case .greaterOrEqual: a >= b
    case .greater: a > b
    default: false
    }
  }
}
