import Testing

@testable import Forecasting

@Suite("The experts")
struct ExpertPanelTests {
  /// What the experts and the features are at an origin of a history.
  private func answers(_ values: [Double], rhythm: Rhythm, origin: Int, horizon: Int) -> [Double] {
    var history = ObservedHistory(capacity: 4320)
    // The last value keeps the unit the same whatever comes before it.
    history.reset((values + [1024])[...])
    return HistoryView.with(history, rhythm: rhythm) { view in
      ExpertPanel.with { panel in
        panel.fill(view, origin: origin, horizon: horizon, trendSteps: Double(horizon), median: .nan)
        let last = view.values[origin]
        var result = (0..<ExpertPanel.expertCount).map { last + Double(panel.experts[$0]) }
        result += (0..<ExpertPanel.featureCount).map { Double(panel.features[$0]) }
        for scale in ErrorScale.allCases {
          result.append(scale.value(view, origin: origin, horizon: horizon, centre: 1) ?? .nan)
        }
        return result
      }
    }
  }

  @Test("know nothing of what comes after the origin", arguments: [2, 3, 24])
  func causality(_ day: Int) {
    var noise = SeededNoise(50)
    let past = (0..<600).map { _ in noise.normal() }
    let origin = 550
    let other = past.enumerated().map { $0.offset > origin ? 700 + noise.normal() : $0.element }
    let rhythm = Rhythm(day: day, short: 7)
    for horizon in 1...400 {
      let one = answers(past, rhythm: rhythm, origin: origin, horizon: horizon)
      let two = answers(other, rhythm: rhythm, origin: origin, horizon: horizon)
      #expect(zip(one, two).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "horizon \(horizon)")
    }
  }

  @Test("say what their names promise")
  func values() {
    // A line of slope 2 with days of 4 steps, asked 3 steps ahead of its value 78.
    let line = (0..<40).map { 2 * Double($0) }
    let factor = 1.0 / 1024
    let said = answers(line, rhythm: Rhythm(day: 4, short: nil), origin: 39, horizon: 3).map { $0 / factor }
    #expect(said[0] == 78)  // last value
    #expect(said[1] == 76)  // mean of three
    #expect(said[3] == 75)  // mean of a day
    #expect(said[4] == 76)  // yesterday at that time
    #expect(said[5] == 68)  // mean of three days
    #expect(said[6] == 52)  // median of seven days
    #expect(said[23] == 82)  // about yesterday at that time, and the growth of a day: 74 + 8
    #expect(said[11] == 28)  // a week ago at that time: step 42 - 28
    #expect(abs(said[15] - 84) < 1e-5)  // trend
    #expect(abs(said[17] - 84) < 1e-5)  // line
    #expect(said[19] > 83.8 && said[19] <= 84)  // significant trend
  }

  @Test("are mixed by their record, the better the more it is proven")
  func mixing() {
    ExpertPanel.with { panel in
      var scores = ExpertScores()
      for index in 0..<ExpertPanel.expertCount { panel.experts[index] = .nan }
      panel.experts[0] = 0
      panel.experts[1] = 10
      #expect(scores.mix(panel, independentSteps: 1) == 0)
      // The second is off by 4, the first by 6. After one step the power is 3 · log2(1 + 1) = 3, so the weights are
      // as 1.5³ = 3.375 to 1 and the mixture is 3.375 · 10 / 4.375.
      let fading = ExpertScores.Fading(steps: 0, horizon: 1, unit: 288)
      scores.add(panel, change: 6, density: 1, fading: fading)
      let soon = scores.mix(panel, independentSteps: 1)
      #expect(abs(soon - 33.75 / 4.375) < 0.05)
      for _ in 0..<100 { scores.add(panel, change: 6, density: 1, fading: fading) }
      #expect(scores.mix(panel, independentSteps: 1) > 9.9)
      #expect(abs(scores.recentRelativeErrors()[1] - 4.0 / 6) < 1e-6)
    }
  }

  @Test("fade from memory by the half-lives of each")
  func fading() {
    ExpertPanel.with { panel in
      var scores = ExpertScores()
      for index in 0..<ExpertPanel.expertCount { panel.experts[index] = .nan }
      panel.experts[0] = 0
      scores.add(panel, change: 8, density: 1, fading: ExpertScores.Fading(steps: 0, horizon: 1, unit: 100))
      // After 150 steps, a day and a half, half is left of the middle memory: (0.5 · 8 + 2) / 1.5.
      scores.add(panel, change: 2, density: 1, fading: ExpertScores.Fading(steps: 150, horizon: 1, unit: 100))
      #expect(abs(scores.usualError(of: 0) - 4) < 1e-5)
    }
  }

  @Test("thin errors keep their weight and their order")
  func errorMemory() {
    var memory = ErrorMemory()
    for index in 0..<5000 { memory.append(.init(error: Double(index), density: 1, target: index)) }
    #expect(memory.entries.count <= memory.capacity + 1)
    #expect(memory.entries.reduce(0) { $0 + Int($1.density) } == 5000)
    #expect(zip(memory.entries, memory.entries.dropFirst()).allSatisfy { $0.target < $1.target })
    #expect(memory.entries.last?.target == 4999)
  }

  @Test("errors are remembered to a five-hundredth, and never as smaller than they were")
  func errorPrecision() {
    for magnitude in [1e-12, 0.001, 0.3, 1, 1.5, 7, 513, 1e6] {
      for error in [magnitude, -magnitude] {
        let kept = ErrorMemory.Entry(error: error, density: 1, target: 0).error
        #expect(kept / error >= 1 && kept / error <= 1 + 1.0 / 512)
      }
    }
    // Small whole numbers are kept as they are, and so is none at all.
    for exact in [0, 1, -2, 3, 100, -511, 1022] {
      #expect(ErrorMemory.Entry(error: Double(exact), density: 1, target: 0).error == Double(exact))
    }
    #expect(ErrorMemory.Entry(error: -1e-300, density: 1, target: 0).error == 0)
    #expect(abs(ErrorMemory.Entry(error: 1e300, density: 1, target: 0).error) > 4e6)
    #expect(MemoryLayout<ErrorMemory.Entry>.stride == 6)
  }

  @Test("the change from day to day says how large errors are only where it is known")
  func dailyScale() {
    let day = 100
    var history = ObservedHistory(capacity: 4320)
    history.reset((0..<3 * day).map { Double($0 % day) + ($0 < 2 * day ? 0 : 8) }[...])
    HistoryView.with(history, rhythm: Rhythm(day: day, short: nil)) { view in
      // What happened at that time a day before, and how it differed from the day before that.
      #expect(ErrorScale.daily.value(view, origin: 2 * day + 50, horizon: 10, centre: 0) == 0)
      let now = ErrorScale.daily.value(view, origin: 3 * day - 1, horizon: 50, centre: 0)
      #expect(now.map { abs($0 / history.factor - 8) < 1e-4 } == true)
      #expect(ErrorScale.daily.value(view, origin: 150, horizon: 10, centre: 0) == nil)
    }
  }

  @Test("errors of a process with correlation 0.8 are found to persist so")
  func persistence() {
    var noise = SeededNoise(60)
    var memory = ErrorMemory()
    var error = 0.0
    for index in 0..<300 {
      error = 0.8 * error + 0.6 * noise.normal()
      memory.append(.init(error: error, density: 1, target: index))
    }
    #expect(abs(memory.persistence() - 0.8) < 0.1)
  }
}
