import Testing

@testable import Forecasting

@Suite("Medians of windows")
struct RollingMedianTests {
  private func rolling(_ values: [Double], width: Int) -> [Double] {
    var result = [Double](repeating: .nan, count: values.count)
    RollingMedians.fill(&result, values, count: values.count, width: width)
    return result
  }

  @Test("follow from few values")
  func few() {
    #expect(rolling([3, 1, 2, 5, 4, 4, 9], width: 3) == [3, 1, 2, 2, 4, 4, 4])
    #expect(rolling([3, 1, 2, 5], width: 10) == [3, 1, 2, 2])
    #expect(rolling([3, 1, 2], width: 1) == [3, 1, 2])
    #expect(rolling([], width: 5) == [])
  }

  @Test("are those of each window sorted, with any ties", arguments: [2, 7, 24, 288])
  func reference(_ width: Int) {
    var noise = SeededNoise(31)
    for scale in [1, 1000.0] {
      let values = (0..<900).map { _ in (scale * noise.normal()).rounded() }
      let expected = values.indices.map { index in
        let window = values[max(0, index + 1 - width)...index].sorted()
        return window[(window.count - 1) / 2]
      }
      #expect(rolling(values, width: width) == expected)
      for count in [1, 2, 3, 100, 900] {
        #expect(RollingMedians.newest(values, count: count, width: width) == expected[count - 1])
      }
    }
  }

  @Test("of a long window are taken of a part of it, evenly apart")
  func sample() {
    let values = (0..<2880).map { Double($0) }
    #expect(abs(RollingMedians.newest(values, count: 2880, width: 1440) - 2159.5) <= 5)
  }
}
