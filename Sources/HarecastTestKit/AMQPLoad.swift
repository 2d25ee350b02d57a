import Foundation

/// A load on RabbitMQ queues at given rates, by the script `amqp-load`.
public final class AMQPLoad: Sendable {
  /// What to do; rates are messages per second for each queue.
  public struct Plan: Sendable {
    /// Queue names; a name with `:quorum` after it is a quorum queue.
    public var queues: [String]
    public var publishRate: Double
    public var consumeRate: Double
    /// Messages to put into each queue first.
    public var preload: Int
    /// Bytes per message.
    public var size: Int
    /// Seconds after which consuming stops, or nil.
    public var stopConsumersAfter: Double?
    /// Seconds after which publishing stops, or nil.
    public var publishFor: Double?
    /// Seconds after which the load ends, or nil.
    public var duration: Double?

    public init(
      queues: [String], publishRate: Double = 0, consumeRate: Double = 0, preload: Int = 0, size: Int = 100,
      stopConsumersAfter: Double? = nil, publishFor: Double? = nil, duration: Double? = nil
    ) {
      self.queues = queues
      self.publishRate = publishRate
      self.consumeRate = consumeRate
      self.preload = preload
      self.size = size
      self.stopConsumersAfter = stopConsumersAfter
      self.publishFor = publishFor
      self.duration = duration
    }
  }

  /// What happened so far, in all queues together.
  public struct Progress: Sendable, Decodable {
    /// Seconds since the start.
    public var elapsed: Double
    public var published: Int
    public var consumed: Int
    /// How many consumers there are.
    public var consumers: Int
  }

  private let process: ManagedProcess

  /// Starts the load.
  ///
  /// - Parameter ports: AMQP ports of 127.0.0.1, used in turn by the queues.
  /// - Throws: ``SystemCallError``.
  public init(ports: [Int], _ plan: Plan) throws {
    var arguments = ["--size", String(plan.size), "--preload", String(plan.preload)]
    arguments += ports.flatMap { ["--port", String($0)] } + plan.queues.flatMap { ["--queue", $0] }
    arguments += ["--publish", String(plan.publishRate), "--consume", String(plan.consumeRate)]
    if let seconds = plan.stopConsumersAfter { arguments += ["--stop-consumers-after", String(seconds)] }
    if let seconds = plan.publishFor { arguments += ["--publish-for", String(seconds)] }
    if let seconds = plan.duration { arguments += ["--duration", String(seconds)] }
    process = try ManagedProcess(SupportScripts.path("amqp-load"), arguments, separateErrors: true)
  }

  /// The newest line that the load has printed, or nil before the first.
  public var progress: Progress? {
    for line in process.output.split(separator: "\n").reversed() {
      if let progress = try? JSONDecoder().decode(Progress.self, from: Data(line.utf8)) { return progress }
    }
    return nil
  }

  /// Returns once `condition` holds for the newest progress.
  ///
  /// - Throws: ``ManagedProcess/Failure`` if the load fails; ``TimedOut``.
  @discardableResult
  public func wait(within limit: Duration = .seconds(60), until condition: (Progress) -> Bool) async throws -> Progress
  {
    let result: Result<Progress, ManagedProcess.Failure> = try await eventually("the load's progress", within: limit) {
      let status = process.status
      if let progress, condition(progress) { return .success(progress) }
      return status.map { .failure(.init(description: "amqp-load ended with \($0): \(process.errors)")) }
    }
    return try result.get()
  }

  /// Returns what happened, once the load has ended by itself.
  ///
  /// - Throws: ``ManagedProcess/Failure`` if a connection failed; ``TimedOut``.
  public func finish(within limit: Duration = .seconds(600)) async throws -> Progress {
    let code = try await process.waitForExit(within: limit)
    guard code == 0, let progress else {
      throw ManagedProcess.Failure(description: "amqp-load ended with \(code): \(process.errors)")
    }
    return progress
  }

  /// Ends the load, closing its connections.
  public func stop() async { await process.stop() }
}
