import Testing
import TimeSeries

@testable import Rules

struct SeriesColumnsTests {
  private static let queue = Labels(["queue": "q"])
  private static let other = Labels(["queue": "other"])

  /// A grid of five points, from 100 to 140.
  private static func columns() -> SeriesColumns {
    var columns = SeriesColumns(from: 100, through: 140, step: 10)
    columns.add(1, of: queue, at: 1)
    columns.add(3, of: queue, at: 3)
    return columns
  }

  @Test func `a series begins with its first value, and what is missing is not a number`() throws {
    let columns = Self.columns()
    #expect(columns.count == 5)
    let values = try #require(columns[Self.queue])
    #expect(values.map { $0.isNaN ? -1 : $0 } == [1, -1, 3, -1])
    #expect(columns[Self.other] == nil)
    #expect(columns.value(of: Self.queue, at: 3) == 3)
    #expect(columns.value(of: Self.queue, at: 0).isNaN && columns.value(of: Self.queue, at: 4).isNaN)
    #expect(columns.value(of: Self.other, at: 3).isNaN)
  }

  @Test func `a part of the grid is given by its times, also beyond both ends`() {
    let values = Self.columns().values(of: Self.queue, from: 90, through: 150)
    #expect(values.map { $0.isNaN ? -1 : $0 } == [-1, -1, 1, -1, 3, -1, -1])
    #expect(Self.columns().values(of: Self.other, from: 100, through: 120).allSatisfy { $0.isNaN })
  }

  @Test func `the series without labels stands for others only where it shall`() {
    var columns = Self.columns()
    columns.add(7, of: Labels.empty, at: 2)
    #expect(columns[Self.other] == nil)
    columns.sharesUnlabelled = true
    #expect(columns.value(of: Self.other, at: 2) == 7)
    #expect(columns.value(of: Self.queue, at: 2).isNaN)
  }
}
