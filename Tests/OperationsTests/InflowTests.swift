import Testing

@testable import Operations

@Suite("What comes in says when a node is full")
struct InflowTests {
  /// A day of 4,800 s in ticks of 10 s with this inflow a second; the outlook is then asked at `tick` of the second day,
  /// where 100 messages a second go out, and a message that waits costs 1,000 bytes.
  private func outlook(_ inflow: (Int) -> Double, at tick: Int) -> (outlook: InflowOutlook, memory: SignalTrack) {
    var outlook = InflowOutlook(day: 4800)
    var memory = SignalTrack()
    var backlog = 0.0
    for step in 0..<(480 + tick) {
      let rate = inflow(step % 480)
      // The first day its consumers keep up with everything.
      backlog = step < 480 ? 0 : max(0, backlog + (rate - 100) * 10)
      outlook.append(inflow: rate, backlog: backlog, at: Double(step) * 10)
      memory.append(1e8 + backlog * 1000, at: Double(step) * 10)
    }
    return (outlook, memory)
  }

  @Test("a message's cost is learnt, and a steady inflow fills what is left in a straight line")
  func steady() throws {
    let (outlook, memory) = outlook({ _ in 110 }, at: 60)
    let cost = try #require(outlook.cost(of: memory, rising: true))
    #expect(abs(cost - 1000) < 1)
    // Ten messages a second more: 30,000 of them take 3,000 s.
    let time = try #require(outlook.time(headroom: 30e6, cost: cost))
    #expect(abs(time.median - 3000) < 20)
    #expect(time.lower < 3000 && 3000 < time.upper)
  }

  @Test("the daily peak ahead brings the limit nearer than a straight line")
  func peakAhead() throws {
    let (outlook, _) = outlook({ $0 < 100 ? 110 : 200 }, at: 90)
    // 10 a second for 100 s more, then 100 a second: 30,000 messages take about 390 s instead of 3,000.
    let time = try #require(outlook.time(headroom: 30e6, cost: 1000))
    #expect((300...500).contains(time.median))
  }

  @Test("a backlog at the end of the daily peak is worked off before it fills anything")
  func peakBehind() {
    let (outlook, _) = outlook({ $0 < 100 ? 110 : 20 }, at: 90)
    #expect(outlook.time(headroom: 30e6, cost: 1000) == nil)
  }

  @Test("without a backlog that surely grows there is no time")
  func quiet() {
    let (outlook, memory) = outlook({ 90 + Double($0 % 3) }, at: 60)
    #expect(outlook.cost(of: memory, rising: true) == nil)
    #expect(outlook.time(headroom: 30e6, cost: 1000) == nil)
  }
}
