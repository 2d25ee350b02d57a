import HarecastTestKit
import Synchronization
import Testing

@testable import HTTPAPI

@Suite("The queue of queries")
struct QueryGateTests {
  @Test func letsAsManyInAsItHasPlaces() async throws {
    let gate = QueryGate(limit: 2)
    try await gate.enter(within: 0)
    try await gate.enter(within: 0)
    await #expect(throws: APIError(.timeout, "query timed out in query queue")) { try await gate.enter(within: 10) }
  }

  @Test func givesAPlaceThatComesFreeToTheOneThatWaits() async throws {
    let gate = QueryGate(limit: 1)
    try await gate.enter(within: 0)
    async let second: Void = gate.enter(within: 60_000)
    gate.leave()
    try await second
    gate.leave()
    try await gate.enter(within: 10)
  }

  @Test func forgetsWhoGaveUp() async throws {
    let gate = QueryGate(limit: 1)
    try await gate.enter(within: 0)
    let impatient = Task { try await gate.enter(within: 0) }
    impatient.cancel()
    let outcome = await impatient.result
    #expect(throws: APIError(.canceled, "query was canceled in query queue")) { try outcome.get() }
    gate.leave()
    try await gate.enter(within: 10)
  }

  @Test func neverHasMoreInsideThanItsPlaces() async throws {
    let gate = QueryGate(limit: 3)
    let inside = Occupancy()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<200 {
        group.addTask {
          try await gate.enter(within: 0)
          inside.enter()
          await Task.yield()
          inside.leave()
          gate.leave()
        }
      }
      try await group.waitForAll()
    }
    let seen = inside.seen
    #expect(seen[0] == 0 && seen[1] <= 3 && seen[2] == 200, "\(seen)")
  }

  /// How many are inside now, were inside at most, and came in all.
  private final class Occupancy: Sendable {
    private let counts = Mutex([0, 0, 0])

    var seen: [Int] { counts.withLock { $0 } }
    func enter() { counts.withLock { $0 = [$0[0] + 1, max($0[1], $0[0] + 1), $0[2] + 1] } }
    func leave() { counts.withLock { $0[0] -= 1 } }
  }
}
