import Testing

@testable import Collection

@Suite("Scrape schedules")
struct ScrapeScheduleTests {
  let schedule = ScrapeSchedule(interval: 15_000, identity: 15_000 * 7 + 4_000)

  @Test("scrapes are an interval apart, at the target's place in it")
  func spacing() {
    #expect(schedule.offset == 4000)
    #expect(schedule.next(after: 0) == 4000)
    #expect(schedule.next(after: 3999) == 4000)
    #expect(schedule.next(after: 4000) == 19_000)
    #expect(schedule.next(after: -1) == 4000)
    #expect(schedule.next(after: -12_000) == -11_000)
  }

  @Test("what was missed is not made up for")
  func noCatchUp() {
    #expect(schedule.next(after: 4000 + 15_000 * 10 + 1) == 4000 + 15_000 * 11)
  }

  @Test("a start that is hardly late is stamped with the due time, a late one with its own")
  func alignment() {
    #expect(schedule.timestamp(due: 4000, start: 4000) == 4000)
    #expect(schedule.timestamp(due: 4000, start: 4100) == 4000)
    #expect(schedule.timestamp(due: 4000, start: 4101) == 4101)
    #expect(ScrapeSchedule(interval: 1000, identity: 0).timestamp(due: 5000, start: 5010) == 5000)
    #expect(ScrapeSchedule(interval: 1000, identity: 0).timestamp(due: 5000, start: 5011) == 5011)
  }

  @Test("an interval of nothing does not divide by zero")
  func degenerate() {
    #expect(ScrapeSchedule(interval: 0, identity: 5).next(after: 7) == 8)
  }
}
