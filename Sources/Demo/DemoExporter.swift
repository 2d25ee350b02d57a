import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization
import TimeSeries

/// A RabbitMQ cluster to watch without a RabbitMQ: a ``Programme`` of recordings, served by one
/// HTTP exporter per recorded node on the loopback interface.
///
/// The programme begins at the moment the exporter is made, by the clock it is given. With a
/// `CatchingUpTime(lag: Programme.suggestedLag, speed: Programme.suggestedSpeed)` whoever scrapes
/// by the same clock sees 20 minutes pass in the first 52 seconds.
///
///     let exporter = try DemoExporter(time: time, log: log)
///     // run it in a ServiceGroup, then
///     let targets = try await exporter.ready()   // ["127.0.0.1:40001", …]
public final class DemoExporter: Service {
  /// What is played, and since when.
  public let replay: Replay
  private let time: any TimeSource
  private let log: Logger
  private let ports: [Int]
  private let documents: [NodeDocument]
  private let binding: Mutex<Binding>

  /// Prepares an exporter; ``run()`` starts it.
  ///
  /// - Parameters:
  ///   - programme: What is played; nil for the built-in programme.
  ///   - ports: The ports of the nodes in their order; a node without one gets a free port.
  ///   - time: The clock that the replay follows.
  /// - Throws: A ``RecordingError`` if an embedded recording is damaged.
  public init(programme: Programme? = nil, ports: [Int] = [], time: any TimeSource, log: Logger) throws {
    let programme = try programme ?? .builtIn()
    replay = Replay(programme: programme, origin: time.now())
    self.time = time
    self.log = log
    self.ports = ports
    let nodes = programme.entries.first?.recording.nodes ?? []
    documents = nodes.enumerated().map { NodeDocument(node: $0.element, nodeIndex: $0.offset) }
    binding = Mutex(Binding(missing: documents.count))
  }

  /// The names of the replayed nodes.
  public var nodes: [String] { documents.map(\.node) }

  /// The addresses of the nodes as `host:port`, in the order of ``nodes``; empty until all are bound.
  public var targets: [String] {
    binding.withLock { if case .bound(let targets) = $0.state { targets } else { [] } }
  }

  /// Waits until every node can be scraped.
  ///
  /// - Returns: The ``targets``.
  /// - Throws: What kept a node from binding; `CancellationError` if the exporter ended before.
  public func ready() async throws -> [String] {
    let id = binding.withLock { $0.makeID() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome = binding.withLock { $0.wait(id, continuation) }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let continuation = binding.withLock { $0.giveUp(id) }
      continuation?.resume(throwing: CancellationError())
    }
  }

  /// Serves until the task is cancelled or the service group shuts down.
  public func run() async throws {
    do {
      try await withThrowingDiscardingTaskGroup { group in
        for index in documents.indices {
          group.addTask { try await self.serve(index) }
        }
      }
    } catch {
      end(error)
      throw error
    }
    end(CancellationError())
  }

  private func serve(_ index: Int) async throws {
    let port = index < ports.count ? ports[index] : 0
    var quiet = log
    // The server calls a cancelled connection an error; what matters, it throws.
    quiet.logLevel = .critical
    let application = Application(
      responder: NodeResponder(document: documents[index], replay: replay, time: time),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { channel in self.bound(index, port: channel.localAddress?.port ?? port) },
      logger: quiet
    )
    try await application.run()
  }

  private func bound(_ index: Int, port: Int) {
    log.info("replaying a node", metadata: ["node": "\(documents[index].node)", "target": "127.0.0.1:\(port)"])
    let (targets, waiting) = binding.withLock { binding in binding.bind(index, to: "127.0.0.1:\(port)") }
    for continuation in waiting { continuation.resume(returning: targets) }
  }

  private func end(_ error: any Error) {
    for continuation in binding.withLock({ $0.end(error) }) { continuation.resume(throwing: error) }
  }
}

/// How far the nodes have got with their sockets, and who waits for them.
private struct Binding {
  typealias Waiting = CheckedContinuation<[String], any Error>

  enum State {
    /// The addresses that are known so far.
    case binding([String?])
    case bound([String])
    case ended(any Error)
  }

  private(set) var state: State
  private var waiting: [Int: Waiting] = [:]
  /// Those who gave up before they had begun to wait.
  private var givenUp: Set<Int> = []
  private var lastID = 0

  init(missing: Int) {
    state = .binding(Array(repeating: nil, count: missing))
  }

  mutating func makeID() -> Int {
    lastID += 1
    return lastID
  }

  /// Lets someone wait, unless the outcome is there already.
  mutating func wait(_ id: Int, _ continuation: Waiting) -> Result<[String], any Error>? {
    if givenUp.remove(id) != nil { return .failure(CancellationError()) }
    switch state {
    case .binding:
      waiting[id] = continuation
      return nil
    case .bound(let targets): return .success(targets)
    case .ended(let error): return .failure(error)
    }
  }

  /// Lets someone wait no longer; returns whom to tell.
  mutating func giveUp(_ id: Int) -> Waiting? {
    let continuation = waiting.removeValue(forKey: id)
    if continuation == nil { givenUp.insert(id) }
    return continuation
  }

  /// Notes an address; once it was the last, returns all addresses and whom to tell.
  mutating func bind(_ index: Int, to target: String) -> ([String], [Waiting]) {
    guard case .binding(var targets) = state else { return ([], []) }
    targets[index] = target
    let known = targets.compactMap { $0 }
    guard known.count == targets.count else {
      state = .binding(targets)
      return ([], [])
    }
    state = .bound(known)
    return (known, takeWaiting())
  }

  /// Notes the end; returns whom to tell.
  mutating func end(_ error: any Error) -> [Waiting] {
    state = .ended(error)
    return takeWaiting()
  }

  private mutating func takeWaiting() -> [Waiting] {
    defer { waiting = [:] }
    return Array(waiting.values)
  }
}
