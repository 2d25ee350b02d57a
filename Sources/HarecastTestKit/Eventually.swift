/// The error of a wait that took too long.
public struct TimedOut: Error, CustomStringConvertible {
  /// What was waited for, how long, and what was wrong last.
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Returns once `condition` holds, and asks again every `poll` until then.
///
/// A condition that throws counts as not holding yet; its last error is part of the message.
///
/// - Throws: ``TimedOut`` if the condition does not hold within `limit`; `CancellationError`.
public func eventually(
  _ what: String = "the condition holds",
  within limit: Duration = .seconds(10),
  poll: Duration = .milliseconds(20),
  isolation: isolated (any Actor)? = #isolation,
  _ condition: () async throws -> Bool
) async throws {
  let _: Void = try await eventually(what, within: limit, poll: poll, isolation: isolation) {
    try await condition() ? () : nil
  }
}

/// Returns the first value that `attempt` gives other than nil, and asks again every `poll` until then.
///
/// - Throws: ``TimedOut`` if there is none within `limit`; `CancellationError`.
public func eventually<Value>(
  _ what: String = "there is a value",
  within limit: Duration = .seconds(10),
  poll: Duration = .milliseconds(20),
  isolation: isolated (any Actor)? = #isolation,
  _ attempt: () async throws -> Value?
) async throws -> Value {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while true {
    var failure = ""
    do {
      if let value = try await attempt() { return value }
    } catch let error as CancellationError {
      throw error
    } catch {
      failure = ": \(error)"
    }
    guard clock.now < deadline else { throw TimedOut("not within \(limit): \(what)\(failure)") }
    try await Task.sleep(for: poll)
  }
}
