import Testing
import TimeSeries

@testable import Rules

@Suite("What a young signal borrows from its family")
struct SiblingOutlookTests {
  private func labels(_ queue: String, vhost: String = "/") -> Labels { Labels(["queue": queue, "vhost": vhost]) }

  /// A signal that doubles at the first horizon and stays at the second, give or take a tenth of its level.
  private func sibling(_ queue: String, level: Double, vhost: String = "/") -> SiblingOutlook.Sibling {
    SiblingOutlook.Sibling(
      labels: labels(queue, vhost: vhost), level: level, value: level,
      rows: [1.9, 2, 2.1, 0.9, 1, 1.1].map { $0 * level })
  }

  @Test func `changes are borrowed in proportion to the level`() throws {
    let family = SiblingOutlook((1...5).map { sibling("q\($0)", level: Double($0) * 100) })
    let rows = try #require(family.rows(for: labels("new"), level: 10, value: 10))
    let expected: [Double] = [19, 20, 21, 9, 10, 11]
    for (row, value) in zip(rows, expected) { #expect((row - value).magnitude < 1e-9) }
  }

  @Test func `one odd sibling does not matter, and strangers are not asked`() throws {
    var odd = sibling("q9", level: 10)
    odd.rows = odd.rows.map { $0 * 1000 }
    let family = SiblingOutlook((1...4).map { sibling("q\($0)", level: 10) } + [odd])
    let rows = try #require(family.rows(for: labels("new"), level: 10, value: 10))
    #expect((rows[1] - 20).magnitude < 1e-9)
    // Others differ in two labels.
    #expect(family.rows(for: labels("new", vhost: "other"), level: 10, value: 10) == nil)
    #expect(
      SiblingOutlook([sibling("a", level: 1), sibling("b", level: 1)]).rows(
        for: labels("new"), level: 1, value: 1) == nil)
    #expect(family.rows(for: labels("new"), level: 0, value: 0) == nil)
    #expect(family.rows(for: labels("new"), level: .nan, value: 1) == nil)
  }

  @Test func `the own forecast takes over with age`() {
    let shares = [0, 10, 40, 100, 239, 240].map(SiblingOutlook.share)
    #expect(shares[0] == 1)
    #expect(shares[2] == 0.5)
    #expect(shares == shares.sorted(by: >))
    #expect(shares[5] == 0)
  }

  @Test func `a blended forecast is in order, never negative, and moves its curve along`() {
    var rows = ForecastRows(
      values: [0, 10, 20, 0, 10, 20], curveTimes: [0, 50, 100, 150, 200],
      curveValues: Array(repeating: [10, 10, 10], count: 5).flatMap { $0 })
    rows.blend([-40, 20, 30, -40, 30, 40], share: 0.5, targets: [100, 200], origin: 0)
    #expect(rows.values == [0, 15, 25, 0, 20, 30])
    let medians = (0..<5).map { rows.curveValues[$0 * 3 + 1] }
    // By 0 at the origin, 5 at the first horizon and 10 at the second.
    #expect(medians == [10, 12.5, 15, 17.5, 20])
    #expect(rows.curveValues.allSatisfy { $0 >= 0 })
  }
}
