import Forecasting
import Foundation
import StrictYAML
import Testing
import TimeSeries

@testable import Outlook

private func read(_ text: String, folder: String = "/tmp") throws -> OutlookConfiguration {
  try OutlookConfiguration(YAMLDocument.parse(text, file: "harecast.yml"), folder: folder)
}

private func at(_ text: String) -> Int64 { RFC3339.parse(text) ?? 0 }

@Suite("The block forecasting")
struct OutlookConfigurationTests {
  @Test func hasDefaultsForEverything() throws {
    let configuration = try OutlookConfiguration(nil, folder: "/tmp")
    #expect(configuration == OutlookConfiguration())
    #expect(configuration.demand.isEnabled && configuration.resources.isEnabled)
    #expect(try read("{}") == configuration)
  }

  @Test func readsTheWholeBlock() throws {
    let configuration = try read(
      """
      time_zone: Europe/Berlin
      country: de
      business_hours:
        - { weekdays: ['monday:thursday'], times: [{ start_time: '08:00', end_time: '17:00' }] }
        - { weekdays: [friday], times: [{ start_time: '08:00', end_time: '12:30' }] }
      peak_hours:
        - { times: [{ start_time: '20:00', end_time: '24:00' }] }
      calendars: [releases.ics, /srv/batch.ics]
      events:
        - { name: sale, start: 2026-11-27T00:00:00Z, end: 2026-11-30T00:00:00Z }
      demand:
        step: 30m
        history: 60d
        horizon: 3d
        limit: 10
        signals: [{ name: inflow, expr: 'sum(rate(x[30m]))' }]
      resources: { enabled: false, horizon: 2h, retrain: 12h }
      """)
    #expect(configuration.zone == "Europe/Berlin")
    #expect(configuration.holidays?.countryName == "Germany")
    #expect(configuration.businessHours.contains(day: 3, minute: 16 * 60 + 59))
    #expect(!configuration.businessHours.contains(day: 4, minute: 13 * 60))
    #expect(configuration.peakHours.contains(day: 6, minute: 23 * 60 + 59))
    #expect(configuration.calendarFiles == ["/tmp/releases.ics", "/srv/batch.ics"])
    #expect(configuration.events.map(\.name) == ["sale"])
    #expect(configuration.demand.step == 1_800_000 && configuration.demand.limit == 10)
    #expect(configuration.demand.signals == [NamedQuery(name: "inflow", text: "sum(rate(x[30m]))")])
    #expect(!configuration.resources.isEnabled && configuration.resources.retrain == 43_200_000)
  }

  @Test(arguments: [
    ("time_zon: UTC", "harecast.yml:1:1: unknown key \"time_zon\" in forecasting; did you mean \"time_zone\"?"),
    (
      "time_zone: Europe/Berlni",
      "harecast.yml:1:1: there is no time zone \"Europe/Berlni\"; did you mean \"Europe/Berlin\"?"
    ),
    (
      "time_zone: Berlin", "harecast.yml:1:1: there is no time zone \"Berlin\"; did you mean \"Europe/Berlin\"?"
    ),
    (
      "business_hours:\n  - weekdays: [moonday]",
      "harecast.yml:2:16: \"moonday\" is no weekday such as monday or monday:friday; did you mean \"monday\"?"
    ),
    (
      "peak_hours: [{ times: [{ start_time: '25:00', end_time: '26:00' }] }]",
      "harecast.yml:1:26: start_time: \"25:00\" is no time of day such as '09:00'"
    ),
    (
      "events:\n  - { name: x, start: 2026-01-02T00:00:00Z, end: 2026-01-01T00:00:00Z }",
      "harecast.yml:2:45: end must be after start"
    ),
    ("demand: { step: 7m }", "harecast.yml:1:11: step must be from 5m to 6h and a whole part of a day"),
  ])
  func namesThePlaceOfAFault(text: String, message: String) {
    #expect { try read(text) } throws: { "\($0)" == message }
  }

  @Test func saysWhatIsWrongWithAnExpressionOrACountry() {
    #expect { try read("demand: { signals: [{ name: a, expr: 'sum(' }] }") } throws: {
      "\($0)".hasPrefix("harecast.yml:1:32: expr: ")
    }
    #expect { try read("country: Atlantis") } throws: {
      "\($0)".hasPrefix("harecast.yml:1:1: the holidays of \"Atlantis\" are not known; known are AE, AR,")
    }
  }

  @Test func mergesEventsOfFilesAndOfTheConfiguration() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "outlook-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try """
    BEGIN:VCALENDAR
    BEGIN:VEVENT
    SUMMARY:release
    DTSTART;TZID=Europe/Berlin:20260701T120000
    DURATION:PT2H
    RRULE:FREQ=WEEKLY;COUNT=3
    END:VEVENT
    END:VCALENDAR
    """.write(toFile: folder + "/team.ics", atomically: true, encoding: .utf8)
    let configuration = try read(
      """
      time_zone: Europe/Berlin
      calendars: [team.ics]
      events: [{ name: batch, start: 2026-06-01T22:00:00Z, end: 2026-06-01T23:00:00Z, repeat: 1d }]
      """, folder: folder)
    let calendar = try configuration.calendar(at: at("2026-07-10T00:00:00Z"))
    #expect(calendar.moment(at: at("2026-07-08T10:30:00Z")).events == ["release"])
    #expect(calendar.moment(at: at("2026-07-20T22:30:00Z")).events == ["batch"])
    #expect(calendar.moment(at: at("2026-07-22T10:30:00Z")).events.isEmpty)
  }

  @Test func namesFileAndLineOfABadCalendar() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "bad-\(UUID()).ics").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect { try read("calendars: ['\(path)']").calendar(at: 0) } throws: {
      "\($0)" == "\(path):3: DTSTART: \"soon\" is no time such as 20261224T180000Z"
    }
    #expect { try read("calendars: [missing.ics]", folder: "/nowhere").calendar(at: 0) } throws: {
      "\($0)" == "/nowhere/missing.ics: there is no such file"
    }
  }
}
