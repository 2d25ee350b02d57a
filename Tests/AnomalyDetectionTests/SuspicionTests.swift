import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000
private let hour: Int64 = 3_600_000

@Suite struct SuspicionTests {
  @Test func `From a suspicious score on nothing is learned for an hour`() {
    var suspicion = Suspicion()
    suspicion.add(0.6, expected: 0, at: 0)
    #expect(!suspicion.isYoung(at: minute))
    suspicion.add(0.7, expected: 0, at: minute)
    #expect(suspicion.isYoung(at: 2 * minute))
    #expect(suspicion.isYoung(at: hour))
    #expect(!suspicion.isYoung(at: minute + hour))
  }

  @Test func `What stays suspicious is learned after that hour`() {
    var suspicion = Suspicion()
    for index in 0..<300 { suspicion.add(0.9, expected: 0, at: Int64(index) * minute) }
    #expect((60..<300).allSatisfy { !suspicion.isYoung(at: Int64($0) * minute) })
  }

  @Test func `After a quiet hour it may wait again`() {
    var suspicion = Suspicion()
    suspicion.add(0.9, expected: 0, at: 0)
    suspicion.add(0, expected: 0, at: hour + minute)
    #expect(!suspicion.isYoung(at: hour + minute))
    suspicion.add(0.9, expected: 0, at: hour + 2 * minute)
    #expect(suspicion.isYoung(at: hour + 3 * minute))
  }

  @Test func `What comes at this time of every day is not suspicious`() {
    var suspicion = Suspicion()
    suspicion.add(0.9, expected: 0.8, at: 0)
    #expect(!suspicion.isYoung(at: minute))
  }

  @Test func `A deviation that builds up is not learned before it alerts`() {
    // The spread grows from 1 to 4 within an hour; a member of a group learns it all the while.
    let growing = { (isMember: Bool) -> Double in
      var scorer = AnomalyScorer(options: AnomalyOptions(), isMember: isMember)
      var generator = SeededGenerator(seed: 5)
      var highest = 0.0
      for index in 0..<5000 { _ = scorer.score(generator.normal(), at: Int64(index) * minute) }
      for index in 5000..<5060 {
        let growth = 1 + 0.05 * Double(index - 5000)
        highest = max(highest, scorer.score(growth * generator.normal(), at: Int64(index) * minute).score)
      }
      return highest
    }
    #expect(growing(false) > growing(true))
  }
}
