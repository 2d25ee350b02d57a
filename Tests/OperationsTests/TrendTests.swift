import Testing

@testable import Operations

@Suite("A trend towards a limit")
struct TrendTests {
  private func track(_ values: [Double]) -> SignalTrack {
    var track = SignalTrack()
    for (index, value) in values.enumerated() { track.append(value, at: Double(index)) }
    return track
  }

  @Test("the slope is that of least squares and its error that of textbooks for residuals that do not hang together")
  func slope() throws {
    // By hand: times 0…4, values 1, 3, 2, 5, 4: slope 8/10, residuals -0.4, 0.8, -1, 1.2, -0.6.
    let fit = try #require(LinearFit(times: [0, 1, 2, 3, 4], values: [1, 3, 2, 5, 4]))
    #expect(abs(fit.slope - 0.8) < 1e-12)
    // The residuals alternate, so all five points count: sqrt(3.6 / 3 / 10).
    #expect(abs(fit.slopeError - 0.12.squareRoot()) < 1e-12)
    #expect(abs(fit.determination - 0.64) < 1e-12)
  }

  @Test("a ramp after a quiet time is found with the time that is left")
  func ramp() throws {
    let values = (0..<60).map { $0 < 30 ? 100 : 100 + Double($0 - 30) * 10 }
    let trend = try #require(TrendToLimit.find(in: track(values), limit: 1000, habit: .memory))
    // 390 now, 10 a second: 61 s left.
    #expect(trend.time.lower < 61 && 61 < trend.time.upper)
    #expect(abs(trend.time.median - 61) < 15)
    #expect(trend.time.probability > 0.4)
  }

  @Test("a signal that falls to its limit is found as well")
  func falling() throws {
    let values = (0..<60).map { $0 < 30 ? 1000 : 1000 - Double($0 - 30) * 10 }
    let trend = try #require(TrendToLimit.find(in: track(values), limit: 100, rising: false, habit: .disk))
    #expect(trend.time.lower < 61 && 61 < trend.time.upper)
  }

  @Test("a tooth of a saw is no news once the saw was seen, however steep it is")
  func saw() {
    // Twelve seconds up by 60, then down at once: within a tooth a line says that 200 is near.
    let values = (0..<90).map { 100 + Double($0 % 12) * 5 }
    for length in 36...90 {
      let trend = TrendToLimit.find(in: track(Array(values.prefix(length))), limit: 200, habit: .memory)
      #expect((trend?.time.probability ?? 0) < 0.3, "at \(length)")
    }
  }

  @Test("noise has no trend")
  func noise() {
    let values = (0..<200).map { 100 + Double(($0 * 7919) % 13) }
    #expect((TrendToLimit.find(in: track(values), limit: 1000, habit: .disk)?.time.probability ?? 0) < 0.1)
  }

  @Test("what was seen for long is believed for longer")
  func age() throws {
    let short = track((0..<40).map { $0 < 30 ? 100 : 100 + Double($0 - 30) * 5 })
    let long = track((0..<70).map { $0 < 30 ? 100 : 100 + Double($0 - 30) * 5 })
    let first = try #require(TrendToLimit.find(in: short, limit: 2000, habit: .memory))
    let second = try #require(TrendToLimit.find(in: long, limit: 2000, habit: .memory))
    #expect(first.time.probability < second.time.probability)
  }

  @Test("the probability within a horizon rises with the horizon, and is half of all at the median")
  func horizons() {
    let time = TimeToLimit(median: 100, lower: 50, upper: 200, probability: 0.8)
    #expect(abs(time.probability(within: 100) - 0.4) < 1e-12)
    #expect(time.probability(within: 50) < time.probability(within: 100))
    #expect(time.probability(within: 1e6) > 0.799)
    #expect(TimeToLimit(median: 0, lower: 0, upper: 0, probability: 1).probability(within: 1) == 1)
  }

  @Test("without a trend the envelope decides: a saw far below the limit is no risk, one that reaches it is")
  func envelope() {
    let saw = track((0..<90).map { 100 + Double($0 % 10) * 5 })
    #expect(LimitRisk.probability(saw, limit: 300, rising: true, trend: nil, within: 3600) < 0.01)
    #expect(LimitRisk.probability(saw, limit: 140, rising: true, trend: nil, within: 60) >= 0.5)
    #expect(LimitRisk.probability(saw, limit: 90, rising: true, trend: nil, within: 60) == 1)
  }

  @Test("a climb that levels off goes on as its later half does, or not at all")
  func levelsOff() {
    var track = SignalTrack()
    for tick in 0..<60 { track.append(100, at: Double(tick)) }
    // Towards 200 with a time constant of 12: after 40 ticks 3.6 are missing, and the limit of 250 is never reached.
    for tick in 0..<40 { track.append(200 - 100 * (-Double(tick) / 12).exponential, at: Double(60 + tick)) }
    let trend = TrendToLimit.find(in: track, limit: 250, habit: .memory)
    #expect((trend?.time.probability ?? 0) < 0.4)
  }

  @Test("what climbs since it was first seen may be a tooth of a saw, and is believed later than news")
  func unwitnessed() throws {
    var new = SignalTrack()
    var known = SignalTrack()
    for tick in 0..<60 { known.append(100, at: Double(tick)) }
    for tick in 0..<20 {
      new.append(100 + Double(tick), at: Double(60 + tick))
      known.append(100 + Double(tick), at: Double(60 + tick))
    }
    let early = try #require(TrendToLimit.find(in: new, limit: 200, habit: .disk)).time.probability
    let news = try #require(TrendToLimit.find(in: known, limit: 200, habit: .disk)).time.probability
    #expect(early < 0.5 * news + 0.1 && news > 0.5)
  }
}
