import HarecastTestKit
import Synchronization
import Testing
import TimeSeries

@Suite("A clock that a test moves")
struct ManualTimeTests {
  @Test("a sleeper wakes when the clock reaches its deadline, not before")
  func wakesAtDeadline() async throws {
    let time = ManualTime(1000)
    async let woken: Int64 = {
      try await time.sleep(until: 1500)
      return time.now()
    }()
    try await time.waitForSleepers()
    time.advance(by: 499)
    #expect(time.sleeperCount == 1)
    time.advance(by: 1)
    #expect(try await woken == 1500)
    #expect(time.sleeperCount == 0)
  }

  @Test("a deadline that has passed does not sleep")
  func pastDeadline() async throws {
    try await ManualTime(10).sleep(until: 10)
  }

  @Test("a cancelled sleeper throws and is forgotten")
  func cancellation() async throws {
    let time = ManualTime()
    let task = Task { try await time.sleep(until: 1) }
    try await time.waitForSleepers()
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(time.sleeperCount == 0)
  }

  @Test("running from deadline to deadline lets a loop run once per period")
  func periods() async throws {
    let time = ManualTime(0)
    let seen = Mutex<[Int64]>([])
    let loop = Task {
      for tick in 1... {
        try await time.sleep(until: Int64(tick) * 15)
        seen.withLock { $0.append(time.now()) }
      }
    }
    try await time.run(for: 50)
    loop.cancel()
    #expect(seen.withLock { $0 } == [15, 30, 45])
    #expect(time.now() == 50)
  }
}

@Suite("Waiting for a condition")
struct EventuallyTests {
  @Test("it asks until the condition holds")
  func holds() async throws {
    var asked = 0
    try await eventually(poll: .milliseconds(1)) {
      asked += 1
      return asked == 5
    }
    #expect(asked == 5)
  }

  @Test("the error says what was waited for and what was wrong last")
  func timesOut() async throws {
    struct Wrong: Error, CustomStringConvertible { var description: String { "the door is shut" } }
    let error = await #expect(throws: TimedOut.self) {
      try await eventually("the door opens", within: .milliseconds(5), poll: .milliseconds(1)) { throw Wrong() }
    }
    #expect(error?.description == "not within 0.005 seconds: the door opens: the door is shut")
  }
}
