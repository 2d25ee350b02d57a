import Forecasting
import Testing
import TimeSeries

@testable import Outlook

private func at(_ text: String) -> Int64 { RFC3339.parse(text) ?? 0 }

@Suite("Time zones")
struct ZonesTests {
  /// The law of the Union: the last Sundays of March and October, at 1:00 UTC.
  @Test(arguments: [
    ("2025-03-30T01:00:00Z", 3_600_000, 7_200_000), ("2026-10-25T01:00:00Z", 7_200_000, 3_600_000),
    ("2030-03-31T01:00:00Z", 3_600_000, 7_200_000),
  ])
  func knowWhenClocksChangeInBerlin(change: String, before: Int64, after: Int64) throws {
    let clock = try #require(Zones.clock("Europe/Berlin"))
    #expect(clock.offset(at: at(change) - 1) == before)
    #expect(clock.offset(at: at(change)) == after)
  }

  @Test func knowZonesOfTheSouthOfHalfHoursAndWithoutChanges() throws {
    #expect(try #require(Zones.clock("Australia/Sydney")).offset(at: at("2026-01-15T00:00:00Z")) == 39_600_000)
    #expect(try #require(Zones.clock("Australia/Sydney")).offset(at: at("2026-07-15T00:00:00Z")) == 36_000_000)
    #expect(try #require(Zones.clock("Asia/Kolkata")).offset(at: at("2026-07-15T00:00:00Z")) == 19_800_000)
    // Turkey stays on summer time since 2016.
    let istanbul = try #require(Zones.clock("Europe/Istanbul"))
    #expect(istanbul.offset(at: at("2015-12-15T00:00:00Z")) == 7_200_000)
    #expect(istanbul.offset(at: at("2026-12-15T00:00:00Z")) == 10_800_000)
    #expect(try #require(Zones.clock("UTC")).offset(at: at("2026-07-15T00:00:00Z")) == 0)
  }

  @Test(arguments: ["", "Mars/Olympus", "CET5", "W. Europe Standard Time", "../../etc/passwd"])
  func refuseWhatIsNoZone(name: String) {
    #expect(Zones.clock(name) == nil)
  }
}
