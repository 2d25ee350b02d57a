import Testing
import TimeSeries

@testable import Forecasting

/// The American east coast in 1997 and 1998, where the examples of RFC 5545 live.
private let newYork = ForecastCalendar(transitions: [
  .init(start: .min, offset: -18_000_000),
  .init(start: RFC3339.parse("1997-04-06T07:00:00Z") ?? 0, offset: -14_400_000),
  .init(start: RFC3339.parse("1997-10-26T06:00:00Z") ?? 0, offset: -18_000_000),
  .init(start: RFC3339.parse("1998-04-05T07:00:00Z") ?? 0, offset: -14_400_000),
  .init(start: RFC3339.parse("1998-10-25T06:00:00Z") ?? 0, offset: -18_000_000),
])

private func read(
  _ body: String, from: String = "1997-01-01T00:00:00Z", through: String = "2030-01-01T00:00:00Z"
) throws -> [ForecastCalendar.Event] {
  let reader = ICalendar(file: "work.ics", floating: ForecastCalendar()) { $0 == "America/New_York" ? newYork : nil }
  return try reader.events(
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n\(body)\r\nEND:VCALENDAR\r\n", from: RFC3339.parse(from) ?? 0,
    through: RFC3339.parse(through) ?? 0)
}

/// The local dates of a rule that begins on 2 September 1997 at 9:00 in New York, as in the examples of the RFC.
private func dates(_ rule: String, start: String = "19970902T090000", more: String = "") throws -> [String] {
  let events = try read(
    """
    BEGIN:VEVENT
    SUMMARY:x
    DTSTART;TZID=America/New_York:\(start)
    DURATION:PT1H
    RRULE:\(rule)\(more.isEmpty ? "" : "\n" + more)
    END:VEVENT
    """)
  return events.map { event in
    let local = newYork.localTime(at: event.start)
    #expect(((local % 86_400_000) + 86_400_000) % 86_400_000 == 9 * 3_600_000)
    return String(RFC3339.format(local).prefix(10))
  }
}

@Suite("iCalendar")
struct ICalendarTests {
  /// Examples of RFC 5545, section 3.8.5.3, with the days listed there.
  @Test func repeatsAsTheExamplesOfTheSpecificationDo() throws {
    #expect(try dates("FREQ=DAILY;COUNT=3") == ["1997-09-02", "1997-09-03", "1997-09-04"])
    #expect(try dates("FREQ=DAILY;UNTIL=19971224T000000Z").count == 113)
    #expect(
      try dates("FREQ=DAILY;INTERVAL=10;COUNT=5")
        == ["1997-09-02", "1997-09-12", "1997-09-22", "1997-10-02", "1997-10-12"])
    #expect(
      try dates("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH")
        == [
          "1997-09-02", "1997-09-04", "1997-09-09", "1997-09-11", "1997-09-16", "1997-09-18", "1997-09-23",
          "1997-09-25",
          "1997-09-30", "1997-10-02",
        ])
    #expect(
      try dates("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH")
        == [
          "1997-09-02", "1997-09-04", "1997-09-16", "1997-09-18", "1997-09-30", "1997-10-02", "1997-10-14",
          "1997-10-16",
        ])
    #expect(
      try dates("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", start: "19970905T090000")
        == [
          "1997-09-05", "1997-10-03", "1997-11-07", "1997-12-05", "1998-01-02", "1998-02-06", "1998-03-06",
          "1998-04-03",
          "1998-05-01", "1998-06-05",
        ])
    #expect(
      try dates("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", start: "19970922T090000")
        == ["1997-09-22", "1997-10-20", "1997-11-17", "1997-12-22", "1998-01-19", "1998-02-16"])
    #expect(
      try dates("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", start: "19970930T090000")
        == [
          "1997-09-30", "1997-10-01", "1997-10-31", "1997-11-01", "1997-11-30", "1997-12-01", "1997-12-31",
          "1998-01-01",
          "1998-01-31", "1998-02-01",
        ])
    #expect(
      try dates("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", start: "19970904T090000")
        == ["1997-09-04", "1997-10-07", "1997-11-06"])
    #expect(
      try dates("FREQ=MONTHLY;COUNT=5;BYDAY=FR;BYMONTHDAY=13", more: "EXDATE;TZID=America/New_York:19970902T090000")
        .prefix(3) == ["1998-02-13", "1998-03-13", "1998-11-13"])
    #expect(
      try dates("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", start: "19970610T090000")
        == ["1997-06-10", "1997-07-10", "1998-06-10", "1998-07-10"])
  }

  /// The week's first day decides which weeks are skipped (the last example of the RFC).
  @Test func countsWeeksFromTheirFirstDay() throws {
    let rule = "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST="
    #expect(
      try dates(rule + "MO", start: "19970805T090000") == ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"])
    #expect(
      try dates(rule + "SU", start: "19970805T090000") == ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"])
  }

  @Test func leavesOutExceptionsAndMovesRepetitions() throws {
    let events = try read(
      """
      BEGIN:VEVENT
      UID:1
      SUMMARY:batch
      DTSTART:20260105T020000Z
      DTEND:20260105T030000Z
      RRULE:FREQ=DAILY;COUNT=4
      EXDATE:20260106T020000Z
      END:VEVENT
      BEGIN:VEVENT
      UID:1
      SUMMARY:batch
      RECURRENCE-ID:20260107T020000Z
      DTSTART:20260107T050000Z
      DTEND:20260107T060000Z
      END:VEVENT
      """)
    #expect(
      events.map { RFC3339.format($0.start).prefix(13) } == ["2026-01-05T02", "2026-01-07T05", "2026-01-08T02"])
  }

  @Test func keepsLocalTimeWhenClocksChange() throws {
    let events = try read(
      """
      BEGIN:VEVENT
      SUMMARY:standup
      DTSTART;TZID="America/New_York":19971025T090000
      DTEND;TZID="America/New_York":19971025T093000
      RRULE:FREQ=DAILY;COUNT=2
      END:VEVENT
      """)
    #expect(events.map { RFC3339.format($0.start) } == ["1997-10-25T13:00:00.000Z", "1997-10-26T14:00:00.000Z"])
  }

  @Test func readsWholeDaysFoldedLinesAndEscapes() throws {
    let events = try read(
      "BEGIN:VEVENT\r\nSUMMARY:Black Fri\r\n day\\, and more\r\nDTSTART;VALUE=DATE:20261127\r\n"
        + "BEGIN:VALARM\r\nSUMMARY:not this\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT")
    #expect(events.count == 1)
    #expect(events.first?.name == "Black Friday, and more")
    #expect(events.first.map { $0.end - $0.start } == 86_400_000)
  }

  @Test func looksOnlyAtTheWindow() throws {
    let daily = "BEGIN:VEVENT\nSUMMARY:x\nDTSTART:00010101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT"
    let events = try read(daily, from: "2026-01-01T00:30:00Z", through: "2026-01-03T12:00:00Z")
    #expect(events.map { RFC3339.format($0.start).prefix(10) } == ["2026-01-01", "2026-01-02", "2026-01-03"])
  }

  @Test(arguments: [
    ("BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT", "work.ics:3: the event has no DTSTART"),
    (
      "BEGIN:VEVENT\nDTSTART:20260230T000000Z\nEND:VEVENT",
      "work.ics:4: DTSTART: \"20260230T000000Z\" is no time such as 20261224T180000Z"
    ),
    (
      "BEGIN:VEVENT\nDTSTART;TZID=Mars/Olympus:20260203T000000\nEND:VEVENT",
      "work.ics:4: there is no time zone \"Mars/Olympus\"; IANA names such as Europe/Berlin are known"
    ),
    (
      "BEGIN:VEVENT\nDTSTART:20260203T000000Z\nRRULE:FREQ=HOURLY\nEND:VEVENT",
      "work.ics:5: RRULE: FREQ is DAILY, WEEKLY, MONTHLY or YEARLY here, not \"HOURLY\""
    ),
    (
      "BEGIN:VEVENT\nDTSTART:20260203T000000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=20\nEND:VEVENT",
      "work.ics:5: RRULE: the part \"BYWEEKNO\" is not supported"
    ),
    (
      "BEGIN:VEVENT\nDTSTART:20260203T000000Z\nDTEND:20260202T000000Z\nEND:VEVENT",
      "work.ics:3: the event ends before it starts"
    ),
    ("BEGIN:VEVENT\nnonsense\nEND:VEVENT", "work.ics:4: \"nonsense\" is no content line (NAME:value)"),
    ("END:VEVENT", "work.ics:3: END:VEVENT without its BEGIN"),
  ])
  func namesTheLineOfAFault(body: String, message: String) {
    #expect { try read(body) } throws: { "\($0)" == message }
  }

  @Test func endsWithHostileFiles() {
    let many = (0..<3000).map { _ in
      "BEGIN:VEVENT\nSUMMARY:x\nDTSTART:00010101T000000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9\nEND:VEVENT"
    }
    #expect { try read(many.joined(separator: "\n")) } throws: { "\($0)".contains("repeat too often") }
    let often = "BEGIN:VEVENT\nDTSTART:19700101T000000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
    #expect { try read(String(repeating: often, count: 50)) } throws: { "\($0)".contains("more than 50000 events") }
    #expect { try read(String(repeating: "BEGIN:X\n", count: 50)) } throws: { "\($0)".contains("nested too deeply") }
    var random = SeededNoise(3)
    let letters = Array("BEGIN:VEVENTDSATR=;,-0123456789\n\r \"\\PTZ")
    for _ in 0..<300 {
      let text = String((0..<200).map { _ in letters[Int(random.uniform() * Double(letters.count))] })
      _ = try? read("BEGIN:VEVENT\nDTSTART:20260101T000000Z\n\(text)\nEND:VEVENT")
    }
  }

  @Test(arguments: [
    ("PT1H30M", 5_400_000), ("P1D", 86_400_000), ("P2W", 1_209_600_000), ("P1DT1S", 86_401_000), ("P", nil),
    ("PT", nil),
    ("P1H", nil), ("-PT5M", nil), ("PT99999999S", nil),
  ])
  func readsDurations(text: String, milliseconds: Int64?) {
    #expect(ICalendar.duration(text) == milliseconds)
  }
}
