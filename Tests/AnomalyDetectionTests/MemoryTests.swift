import Testing

@testable import AnomalyDetection

private let minute: Int64 = 60_000
private let hour: Int64 = 3_600_000
private let day: Int64 = 86_400_000

@Suite struct SlotMedianTests {
  @Test func `The median is that of the averages of finished slots`() {
    var level = SlotMedian(slotLength: hour, capacity: 3)
    for (slot, values) in [[1.0, 3], [10, 10], [4, 4], [0, 0]].enumerated() {
      for (index, value) in values.enumerated() { level.add(value, at: Int64(slot) * hour + Int64(index) * minute) }
    }
    // Finished are 2, 10 and 4.
    #expect(level.median == 4 && level.slotCount == 3)
    level.add(0, at: 4 * hour)
    // 10, 4 and 0: the oldest has gone.
    #expect(level.median == 4)
    level.add(0, at: 5 * hour)
    #expect(level.median == 0)
  }

  @Test func `What lasts less than half the slots does not move it`() {
    var level = SlotMedian(slotLength: hour, capacity: 24)
    for index in 0..<24 { level.add(5, at: Int64(index) * hour) }
    for index in 24..<35 { level.add(1000, at: Int64(index) * hour) }
    #expect(level.median == 5)
  }
}

@Suite struct SeasonalProfileTests {
  @Test func `Nothing is expected of a time of day before it was seen twice`() {
    var profile = SeasonalProfile(period: day, binLength: hour, depth: 5)
    for index in 0..<(2 * 24) {
      #expect(profile.expectation(at: Int64(index) * hour) == nil)
      profile.add(Double(index % 24), at: Int64(index) * hour)
    }
    // The middle of the bin of hour 0, which holds 0 twice.
    #expect(profile.expectation(at: 2 * day + hour / 2) == 0)
  }

  @Test func `Between the middles of two bins it interpolates`() throws {
    var profile = SeasonalProfile(period: day, binLength: hour, depth: 5)
    for index in 0..<(3 * 24) { profile.add(Double(index % 24), at: Int64(index) * hour) }
    profile.add(0, at: 3 * day)
    let expectation = profile.expectation(at: 3 * day + 5 * hour)
    let expected = try #require(expectation)
    // The start of bin 5 lies half-way between the middles of bins 4 and 5.
    #expect(abs(expected - 4.5) < 1e-6)
  }

  @Test func `One odd day does not become the norm`() {
    var profile = SeasonalProfile(period: day, binLength: hour, depth: 5)
    for date in 0..<5 {
      for index in 0..<24 { profile.add(date == 3 ? 1000 : 7, at: Int64(date) * day + Int64(index) * hour) }
    }
    #expect(profile.expectation(at: 5 * day + 10 * hour + hour / 2) == 7)
  }

  @Test func `Local time places the bins`() {
    let profile = SeasonalProfile(period: day, binLength: hour, depth: 2, offset: 2 * hour)
    #expect(profile.place(of: 0).bin == 2)
    #expect(profile.place(of: -3 * hour).bin == 23)
    #expect(profile.place(of: .max).bin < 24 && profile.place(of: .min).bin < 24)
  }
}

@Suite struct SpikeMemoryTests {
  @Test func `A surprise is expected once it came on two days at the same time`() {
    var memory = SpikeMemory(binLength: hour, offset: 0)
    var seen: [Double] = []
    for date in 0..<4 {
      for index in 0..<24 {
        memory.advance(to: Int64(date) * day + Int64(index) * hour)
        if index == 2 { seen.append(memory.expected) }
        memory.add(index == 2 ? 5 : 0.5)
      }
    }
    #expect(seen == [0, 0, 5, 5])
  }

  @Test func `What goes on into the next bin is expected there too`() {
    // From 2:50 to 3:10: once the second day is over, all of it is known, at either side of three o'clock.
    var memory = SpikeMemory(binLength: hour, offset: 0)
    var known: [Double] = []
    for index in 0..<4 * 144 {
      memory.advance(to: Int64(index) * 10 * minute)
      let isJob = (17...19).contains(index % 144)
      if isJob && index >= 2 * 144 { known.append(memory.expected) }
      memory.add(isJob ? 5 : 0.5)
    }
    #expect(known == [5, 5, 5, 5, 5, 5])
  }
}

@Suite struct RunLengthWatchTests {
  @Test func `A signal that always moves and then stands still is remarkable`() {
    var watch = RunLengthWatch()
    for index in 0..<2000 { #expect(watch.add(Double(index)) == 0) }
    var rates: [Double] = []
    for _ in 0..<300 { rates.append(watch.add(-1)) }
    #expect(rates[20] == 0)
    #expect((rates.last ?? 0) < -9)
  }

  @Test func `A signal that hardly ever moves is not`() {
    var watch = RunLengthWatch()
    for index in 0..<3000 { #expect(watch.add(Double(index / 500)) == 0) }
  }
}

@Suite struct IncidentTests {
  @Test func `An incident is said once, and again when it is clearly worse`() {
    var incident = Incident()
    let scores = [0.5, 1.2, 0.4, 2.0, 1.1, 3.4, 3.6, 9]
    let alerts = scores.enumerated().map { index, score in
      incident.add(score, at: Int64(index) * 10 * minute, quietTime: Double(hour))
    }
    // 1.2 starts it and 2.0, twenty minutes later, is not worse than 1.5 × 1.2 + 0.5 = 2.3; 3.4 is. 3.6 and 9 would
    // have to pass 1.5 × 3.4 + 0.5 = 5.6.
    #expect(alerts == [false, true, false, false, false, true, false, true])
    #expect(incident.since == 10 * minute)
  }

  @Test func `What rises within a quarter of an hour is one alert`() {
    var incident = Incident()
    let alerts = [1.1, 3, 6, 9, 9].enumerated().map { index, score in
      incident.add(score, at: Int64(index) * 4 * minute, quietTime: Double(hour))
    }
    #expect(alerts == [true, false, false, false, false])
  }

  @Test func `A score that falls short of the line is no incident`() {
    var incident = Incident()
    #expect(incident.add(0.999, at: 0, quietTime: 0) == false)
    #expect(incident.since == nil)
  }

  @Test func `It is over after a quiet time and the next one is said anew`() {
    var incident = Incident()
    let quietTime = Double(hour)
    #expect(incident.add(1.5, at: 0, quietTime: quietTime) == true)
    #expect(incident.add(0, at: hour, quietTime: quietTime) == false)
    #expect(incident.since == 0)
    #expect(incident.add(0, at: hour + minute, quietTime: quietTime) == false)
    #expect(incident.since == nil)
    #expect(incident.add(1, at: 2 * hour, quietTime: quietTime) == true)
  }
}
