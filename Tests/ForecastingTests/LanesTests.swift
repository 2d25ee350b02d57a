import Foundation
import Testing

@testable import Forecasting

@Suite("Four numbers at a time")
struct LanesTests {
  @Test("have the logarithms of the C library")
  func logarithms() {
    for exponent in stride(from: -100.0, through: 100, by: 0.037) {
      let number = Float(exp2(exponent))
      let found = Lanes(1, number, 0.5, number).binaryLogarithms
      #expect(abs(Double(found[1]) - log2(Double(number))) < 2e-7 * max(1, abs(exponent)))
      #expect(found[0] == 0 && found[2] == -1 && found[3] == found[1])
    }
  }

  @Test("have the powers of two of the C library")
  func exponentials() {
    for exponent in stride(from: -100.0, through: 100, by: 0.037) {
      let number = Float(exponent)
      let found = Lanes(0, number, -3, number).binaryExponentials
      #expect(abs(Double(found[1]) / exp2(Double(number)) - 1) < 5e-7)
      #expect(found[0] == 1 && found[2] == 0.125 && found[3] == found[1])
    }
  }

  @Test("are compared one by one")
  func comparisons() {
    #expect(Lanes(1, -2, 3, 0).lesser(Lanes(0, -1, 4, 0)) == Lanes(0, -2, 3, 0))
    #expect(Lanes(1, -2, 3, 0).greater(Lanes(0, -1, 4, 0)) == Lanes(1, -1, 4, 0))
    #expect(Lanes(1, -2, 0, -0.5).magnitudes == Lanes(1, 2, 0, 0.5))
  }
}
