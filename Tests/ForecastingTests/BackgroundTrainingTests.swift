import Testing

@testable import Forecasting

@Suite("Training in the background")
struct BackgroundTrainingTests {
  @Test("a tenth of a core pauses nine times as long as it worked")
  func keepsItsShare() {
    let pace = TrainingPace(share: 0.1, used: 5, at: 100)
    #expect(abs(pace.pause(used: 7, at: 102) - 18) < 1e-9)
    #expect(pace.pause(used: 7, at: 121) == 0)
    #expect(TrainingPace(share: 1, used: 0, at: 0).pause(used: 3, at: 3) == 0)
  }

  @Test("what was trained comes back")
  func returnsItsResult() async {
    let answer = await BackgroundTraining.run(share: 1) { shouldGoOn in shouldGoOn() ? 42 : 0 }
    #expect(answer == 42)
  }

  @Test("work that never asks is paused for at its end")
  func keepsItsShareWithoutQuestions() async {
    let started = ContinuousClock.now
    let used = await BackgroundTraining.run(share: 0.25) { _ in
      let began = LSTMTraining.cpuSeconds()
      while LSTMTraining.cpuSeconds() - began < 0.05 {}
      return LSTMTraining.cpuSeconds() - began
    }
    #expect(started.duration(to: .now) >= .seconds(used * 4 * 0.99))
  }

  @Test("a cancelled task is told to stop")
  func stopsWhenCancelled() async {
    let task = Task {
      await BackgroundTraining.run(share: 1) { shouldGoOn in
        while shouldGoOn() {}
        return true
      }
    }
    task.cancel()
    #expect(await task.value)
  }
}
