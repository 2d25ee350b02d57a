import Testing

@testable import Forecasting

@Suite("A quadratic function with a price on some parameters")
struct SparseQuadraticTests {
  @Test("a parameter that costs stops short of its best by the price, or stays at zero")
  func onePrice() {
    // 2·θ² - 12·θ + price·|θ|: the slope 4·θ - 12 + price is zero at (12 - price) / 4.
    func minimum(_ price: Double) -> Double {
      SparseQuadratic(curvature: [4], slopes: [12], price: price, sparse: 0..<1).minimum(from: [0])[0]
    }
    #expect(abs(minimum(4) - 2) < 1e-12)
    #expect(minimum(12) == 0 && minimum(20) == 0)
  }

  @Test("what costs is left to what does not, where they can do the same")
  func prefersTheFree() {
    // ½·(a + b - 3)² + 0.005·(a² + b²) + |b|: a alone explains 3, b would have to pay.
    let quadratic = SparseQuadratic(curvature: [1.01, 1, 1, 1.01], slopes: [3, 3], price: 1, sparse: 1..<2)
    let point = quadratic.minimum(from: [0, 2])
    #expect(point[1] == 0)
    #expect(abs(point[0] - 3 / 1.01) < 1e-12)
  }

  @Test("no neighbour of the minimum is better, however alike the columns are")
  func isTheMinimum() {
    // Ramps from 0, 1, …, 9 over 30 points, whose neighbours are nearly the same, and a saw to follow.
    let ramps = (0..<10).map { start -> [Double] in (0..<30).map { Double(max(0, $0 - start)) / 30 } }
    let target = (0..<30).map { row -> Double in
      let saw = Double((row * 7) % 11) / 11
      return row > 4 ? saw + Double(row - 4) / 10 : saw
    }
    func product(_ left: [Double], _ right: [Double]) -> Double {
      var sum = 0.0
      for (one, other) in zip(left, right) { sum += one * other }
      return sum
    }
    let curvature = ramps.flatMap { row in ramps.map { product(row, $0) } }
    let slopes = ramps.map { product($0, target) }
    func value(_ point: [Double]) -> Double {
      var misses = target
      for column in 0..<10 {
        for row in 0..<30 { misses[row] -= point[column] * ramps[column][row] }
      }
      var magnitude = 0.0
      for parameter in point[1...] { magnitude += abs(parameter) }
      return 0.5 * product(misses, misses) + 0.05 * magnitude
    }
    let point = SparseQuadratic(curvature: curvature, slopes: slopes, price: 0.05, sparse: 1..<10)
      .minimum(from: [Double](repeating: 0, count: 10))
    let least = value(point)
    for index in 0..<10 {
      for change in [-1e-4, 1e-4] {
        var neighbour = point
        neighbour[index] += change
        #expect(value(neighbour) >= least - 1e-12)
      }
    }
  }
}
