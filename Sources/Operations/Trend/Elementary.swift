#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Double {
  /// The natural logarithm.
  var logarithm: Double { log(self) }
  /// e to this power.
  var exponential: Double { exp(self) }
  /// This number to a power.
  func raised(to power: Double) -> Double { pow(self, power) }
}

/// The complementary error function.
func complementaryError(_ x: Double) -> Double { erfc(x) }
