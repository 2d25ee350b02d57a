import Glibc
import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000

/// Which signals an alert of a group names, where it is known which ones were changed.
@Suite("A group says who it was")
struct GroupAttributionTests {
  private static let names = (0..<10).map { "s\($0)" }
  private static let start = 3000

  /// The verdicts from `start` on of ten signals, noise of one around 100 each; `change` may alter a row, whose number counts
  /// from `start`.
  private static func verdicts(
    _ rows: Int, seed: UInt64 = 5,
    healthy: (Int, inout SeededGenerator) -> [Double] = { _, random in independent(&random) },
    change: (Int, inout [Double]) -> Void
  ) -> [GroupVerdict] {
    var scorer = GroupScorer(signals: names)
    var random = SeededGenerator(seed: seed)
    var result: [GroupVerdict] = []
    for row in -start..<rows {
      var values = healthy(row, &random)
      change(row, &values)
      let verdict = scorer.score(values, at: Int64(row) * minute)
      if row >= 0 { result.append(verdict) }
    }
    return result
  }

  private static func independent(_ random: inout SeededGenerator) -> [Double] {
    names.map { _ in 100 + random.normal() }
  }

  private static func firstAlert(_ verdicts: [GroupVerdict]) throws -> Int {
    try #require(verdicts.firstIndex { $0.alert })
  }

  @Test func `the larger of two changes comes first, each with its side, band and time`() throws {
    let verdicts = Self.verdicts(20) { row, values in
      guard row >= 0 else { return }
      values[3] += 40
      values[7] -= 6
    }
    let alert = try Self.firstAlert(verdicts)
    #expect(alert <= 1)
    for row in [alert, alert + 1, alert + 5, 19] {
      let named = verdicts[row].contributions
      #expect(named.map(\.signal) == ["s3", "s7"], "\(row)")
      #expect(named.map(\.direction) == [.above, .below], "\(row)")
      #expect(abs(named.map(\.share).reduce(0, +) - 1) < 1e-9)
      #expect(named[0].share > 2 * named[1].share)
      for one in named { #expect(try #require(one.since) <= 2 * minute && one.expectedLow < one.expectedHigh) }
    }
    let first = verdicts[alert].contributions[0]
    #expect(first.value > first.expectedHigh && first.since == 0 && first.expectedHigh < 115)
  }

  @Test func `signals that no longer go together are both named, though neither alerts by itself`() throws {
    var common = 0.0
    let verdicts = Self.verdicts(60) { _, random in
      common = 0.9 * common + random.normal()
      var values = Self.independent(&random)
      values[4] = 100 + 10 * common + 0.3 * random.normal()
      values[5] = 100 + 10 * common + 0.3 * random.normal()
      return values
    } change: { row, values in
      if row >= 0 { values[5] = 200 - values[5] }
    }
    let alert = try Self.firstAlert(verdicts)
    #expect(alert < 10)
    let named = verdicts[alert].contributions
    #expect(Set(named.prefix(2).map(\.signal)) == ["s4", "s5"])
    #expect(named.prefix(2).allSatisfy { $0.share > 0.4 && $0.score < 1 })
    #expect(Set(named.prefix(2).compactMap(\.direction)) == [.above, .below])
    #expect(named.allSatisfy { $0.since.map { $0 <= Int64(alert) * minute } ?? false })
  }

  @Test func `of many that move a little all are named, before those that did not move`() throws {
    let verdicts = Self.verdicts(20) { row, values in
      if row >= 0 { for index in 0..<6 { values[index] += index % 2 == 0 ? 2.5 : -2.5 } }
    }
    #expect(try Self.firstAlert(verdicts) < 5)
    let named = verdicts[8].contributions
    #expect(Set(named.prefix(6).map(\.signal)) == Set(Self.names.prefix(6)))
    for one in named.prefix(6) {
      let index = try #require(Self.names.firstIndex(of: one.signal))
      #expect(one.direction == (index % 2 == 0 ? .above : .below))
    }
  }

  @Test func `what spiked an hour and a half ago is no cause of what happens now`() throws {
    let verdicts = Self.verdicts(10) { row, values in
      if row == -90 { values[1] += 30 }
      if row >= 0 { values[3] += 40 }
    }
    #expect(verdicts[0].contributions.map(\.signal) == ["s3"])
  }

  @Test func `one signal that moves by thousands leaves room for the other`() throws {
    let verdicts = Self.verdicts(10) { row, values in
      guard row >= 0 else { return }
      values[2] += 5000
      values[6] -= 12
    }
    #expect(verdicts[3].contributions.first?.signal == "s2")
    #expect(verdicts[3].contributions.contains { $0.signal == "s6" && $0.direction == .below })
  }

  @Test func `a signal that never moved is named when it does, as long as the incident lasts`() throws {
    let verdicts = Self.verdicts(30) { row, values in values[8] = row >= 0 ? 5 : 4 }
    #expect(try Self.firstAlert(verdicts) == 0)
    for row in [0, 1, 5, 25] {
      let first = try #require(verdicts[row].contributions.first)
      #expect(first.signal == "s8" && first.direction == .above && first.since == 0, "\(row)")
    }
  }

  @Test func `a signal that stands still is named once that is long for it`() throws {
    let verdicts = Self.verdicts(900) { row, values in if row >= 0 { values[8] = 100.3 } }
    let worst = try #require(verdicts.max { $0.score < $1.score })
    #expect(worst.score > 0.9)
    #expect(worst.contributions.first?.signal == "s8" && worst.contributions.first?.reason == .flatline)
  }

  @Test(arguments: 5..<9 as Range<UInt64>) func `a signal that vanishes makes neither itself nor its twin an anomaly`(
    seed: UInt64
  ) {
    var common = 0.0
    let verdicts = Self.verdicts(4000, seed: seed) { _, random in
      common = 0.9 * common + random.normal()
      var values = Self.independent(&random)
      values[4] = 100 + 10 * common + 0.3 * random.normal()
      values[5] = 100 + 10 * common + 0.3 * random.normal()
      return values
    } change: { row, values in
      // Gone for two days, then back.
      if (0..<2880).contains(row) { values[5] = .nan }
    }
    #expect(verdicts.allSatisfy { !$0.alert })
  }

  @Test func `what is missing hides nothing of the others`() throws {
    let verdicts = Self.verdicts(10) { row, values in
      guard row >= 0 else { return }
      values[6] = .nan
      values[3] += 40
    }
    #expect(verdicts[0].alert && verdicts[0].contributions.map(\.signal) == ["s3"])
  }

  @Test func `a signal that appears is no anomaly, and is named once it is known and jumps`() throws {
    let verdicts = Self.verdicts(3010) { row, values in
      values[9] = row < 0 ? .nan : values[9] + 1e6 - (row >= 3000 ? 40 : 0)
    }
    #expect(verdicts.prefix(3000).count { $0.alert } == 0)
    let named = try #require(verdicts[3001].contributions.first)
    #expect(named.signal == "s9" && named.direction == .below)
  }
}

@Suite("The account of who has to do with it")
struct GroupAttributionPartsTests {
  @Test func `a distance is made of the parts of its signals`() {
    // Covariances 4, 4 and 5, see the distance's own test: the inverse is (5, −4; −4, 4) / 4. It makes (4.5, −4) of (2, −2),
    // so the parts are 9 and 8, together 17; of (4, 4) it makes (1, 0): all of it is the first one's.
    var distance = MahalanobisDistance(dimension: 2, span: 1e9, ridge: 0)
    for index in 0..<4000 {
      let common = index % 4 < 2 ? 2.0 : -2
      _ = distance.add([common, common + (index % 2 == 0 ? 1 : -1)])
    }
    var parts = [0.0, 0]
    var sides = parts
    for (vector, expected) in [([2.0, -2], [9.0, 8]), ([4, 4], [4, 0])] {
      var copy = distance
      let whole = copy.add(vector) ?? 0
      copy.parts(into: &parts, sides: &sides)
      for index in 0..<2 {
        #expect(abs(parts[index] - expected[index]) < 0.3)
        #expect((sides[index] > 0) == (vector[index] > 0))
      }
      #expect(abs(parts[0] + parts[1] - 2 * whole * whole) < 1e-9)
    }
  }

  @Test func `the distance of what is present is that of these signals alone`() throws {
    var three = MahalanobisDistance(dimension: 3, span: 1e9)
    var two = MahalanobisDistance(dimension: 2, span: 1e9)
    var random = SeededGenerator(seed: 74)
    for _ in 0..<2000 {
      let common = random.normal()
      let row = [common, common + 0.1 * random.normal(), 3 * random.normal()]
      _ = three.add(row)
      _ = two.add([row[0], row[2]])
    }
    for row in [[3.0, -2], [0, 9], [-1, -1]] {
      var (whole, part) = (three, two)
      let (one, other) = (whole.add([row[0], .nan, row[1]]), part.add(row))
      // What is far is learned less, and with the third signal a vector is farther.
      #expect(abs(try #require(one) / (try #require(other)) - 1) < 0.03)
    }
  }

  @Test func `a signal that comes late counts once a hundred of its values were seen`() throws {
    var distance = MahalanobisDistance(dimension: 2, span: 8000)
    var random = SeededGenerator(seed: 75)
    for _ in 0..<5000 { _ = distance.add([random.normal(), .nan]) }
    for index in 0..<600 {
      let value = 1e6 + random.normal()
      let result = distance.add([random.normal(), value])
      // Two healthy values are three deviations away together once in a thousand.
      #expect(try #require(result) < 4, "\(index)")
    }
    let far = distance.add([0, 1e6 + 20])
    #expect(try #require(far) > 10)
  }

  @Test func `moments of late count most, moments that show nothing change nothing`() {
    var account = GroupAttribution(count: 3)
    account.weigh([1, 3, -5], sides: [1, -2, 9], weight: 4)
    account.conclude(isUnusual: true, isUnderWay: true, at: 100)
    // 4 · ¼ and 4 · ¾; the third has no part.
    #expect(account.parts.map(\.index) == [1, 0])
    #expect(account.parts.map(\.share) == [0.75, 0.25])
    #expect(account.parts.map(\.side) == [.below, .above])
    account.weigh([1, 1, 1], sides: [1, 1, 1], weight: 9)
    account.conclude(isUnusual: false, isUnderWay: true, at: 200)
    #expect(account.parts.map(\.share) == [0.75, 0.25])
    account.weigh([0, 0, 1], sides: [0, 0, 0], weight: 4)
    account.conclude(isUnusual: true, isUnderWay: true, at: 300)
    // 0.8, 2.4 and 4 of 7.2; the newcomer lies on no side.
    let parts = account.parts
    #expect(parts.map(\.index) == [2, 1, 0] && parts.map(\.side) == [nil, .below, .above])
    for (part, share) in zip(parts, [4, 2.4, 0.8]) { #expect(abs(part.share - share / 7.2) < 1e-12) }
    #expect(parts.map(\.since) == [300, 100, 100])
    account.conclude(isUnusual: false, isUnderWay: false, at: 400)
    #expect(account.parts.isEmpty)
  }

  @Test func `a side needs most of the evidence, and a pause of more than an hour begins anew`() {
    var account = GroupAttribution(count: 1)
    let hour: Int64 = 3_600_000
    for (offset, side) in [1.0, -1, 1, -1].enumerated() {
      account.weigh([1], sides: [side], weight: 1)
      account.conclude(isUnusual: true, isUnderWay: true, at: Int64(offset))
    }
    // 0.8³ − 0.8² + 0.8 − 1 = −0.328 of 2.952: no side.
    #expect(account.parts.map(\.side) == [nil] && account.parts.map(\.since) == [0])
    account.weigh([1], sides: [1], weight: 1)
    account.conclude(isUnusual: true, isUnderWay: true, at: hour + 3)
    #expect(account.parts.map(\.since) == [0])
    account.weigh([1], sides: [1], weight: 1)
    account.conclude(isUnusual: true, isUnderWay: true, at: 2 * hour + 4)
    #expect(account.parts.map(\.since) == [2 * hour + 4])
  }
}
