import Testing

@testable import Forecasting

@Suite("Groups of rows")
struct KMeansTests {
  /// Three clouds of 50 points each around (0, 0), (10, 0) and (0, 1000).
  private static let clouds: [Double] = {
    var noise = SeededNoise(9)
    var table: [Double] = []
    for index in 0..<150 {
      let centre = [(0.0, 0.0), (10.0, 0.0), (0.0, 1000.0)][index % 3]
      table += [centre.0 + 0.3 * noise.normal(), centre.1 + 30 * noise.normal()]
    }
    return table
  }()

  @Test("clouds are found whatever the units of the columns")
  func findsClouds() {
    let groups = KMeans(Self.clouds, columns: 2, count: 3)
    #expect(Set(groups.assignments.prefix(3)).count == 3)
    for index in groups.assignments.indices { #expect(groups.assignments[index] == groups.assignments[index % 3]) }
    let far = groups.group(of: [0.1, 990])
    #expect(far == groups.assignments[2])
    #expect(abs(groups.centres[far * 2 + 1] - 1000) < 20)
  }

  @Test("the elbow is at the number of clouds")
  func findsElbow() {
    #expect(KMeans.atElbow(Self.clouds, columns: 2).count == 3)
  }

  @Test("the same table gives the same groups, and equal rows make one group only")
  func isDeterministic() {
    #expect(KMeans(Self.clouds, columns: 2, count: 4) == KMeans(Self.clouds, columns: 2, count: 4))
    let equal = KMeans([Double](repeating: 7, count: 20), columns: 2, count: 5)
    #expect(equal.count == 1 && equal.inertia == 0)
    #expect(KMeans([], columns: 3, count: 2).count == 0)
    #expect(KMeans.atElbow([], columns: 3).assignments.isEmpty)
  }

  @Test("two points in two groups have their own centres and no inertia")
  func splitsTwoPoints() {
    let groups = KMeans([1, 5, 3, 9], columns: 2, count: 2)
    #expect(groups.inertia == 0)
    #expect(Set([groups.centres[0], groups.centres[2]]) == [1, 3])
  }
}
