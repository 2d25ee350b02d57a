import Foundation
import Synchronization

/// A real RabbitMQ cluster on loopback, with the user `guest` and the password `guest`.
///
/// It stops, and leaves nothing behind, in ``stop()``, when it goes out of use, and when the test
/// process ends in any way.
public final class RabbitMQServer: Sendable {
  /// One node; the ports are on 127.0.0.1.
  public struct Node: Sendable, Decodable {
    public var name: String
    public var amqp: Int
    public var management: Int
    public var prometheus: Int
  }

  /// What to do to a node.
  public enum NodeAction: String, Sendable {
    /// Starts a node that was stopped or killed, and waits until the cluster is whole.
    case start
    /// Shuts the node down cleanly.
    case stop
    /// Ends it by SIGKILL.
    case kill
    /// Makes it hang (SIGSTOP).
    case pause
    /// Lets it go on.
    case resume
  }

  private struct Description: Decodable {
    var name: String
    var folder: String
    var nodes: [Node]
  }

  private static let counter = Atomic(0)

  public let name: String
  public let nodes: [Node]
  private let folder: String
  private let isStopped = Mutex(false)

  /// Starts a cluster and waits until it is ready.
  ///
  /// - Parameters:
  ///   - nodes: how many, 1 to 9.
  ///   - suite: the Debian release whose RabbitMQ to run: `trixie` (4.0) or `sid` (later).
  ///   - memory: the memory watermark of each node.
  ///   - disk: the free disk limit of each node.
  ///   - dataSize: gives each node's data a file system of this size in memory, for instance `300m`, which
  ///     ``fillDisk(of:with:)`` fills; nil for the machine's disk.
  ///   - configuration: lines to add to each `rabbitmq.conf`.
  /// - Throws: ``ManagedProcess/Failure`` with the end of the nodes' logs; ``TimedOut``.
  public init(
    nodes count: Int = 1, suite: String = "trixie", memory: String = "400MB", disk: String = "50MB",
    dataSize: String? = nil, configuration: String = ""
  ) async throws {
    let number = RabbitMQServer.counter.add(1, ordering: .relaxed).newValue
    let name = "t\(getpid())-\(number)"
    Reaper.note("+cluster \(name)")
    do {
      let json = try await SupportScripts.run(
        "rabbitmq-start",
        [
          "--name", name, "--nodes", String(count), "--suite", suite, "--memory", memory, "--disk", disk,
          "--conf", configuration,
        ] + (dataSize.map { ["--data-size", $0] } ?? []))
      let description = try JSONDecoder().decode(Description.self, from: Data(json.utf8))
      nodes = description.nodes
      folder = description.folder
      self.name = name
    } catch {
      Reaper.note("-cluster \(name)")
      throw error
    }
  }

  deinit {
    if !isStopped.withLock({ $0 }) {
      var stop = Spawn(program: SupportScripts.path("rabbitmq-stop"), arguments: [name])
      stop.newSession = true
      var status: Int32 = 0
      if let pid = try? stop.run() { while waitpid(pid, &status, 0) < 0 && errno == EINTR {} }
      Reaper.note("-cluster \(name)")
    }
  }

  /// `http://127.0.0.1:port` of each node's Prometheus endpoint.
  public var prometheusURLs: [String] { nodes.map { "http://127.0.0.1:\($0.prometheus)" } }

  /// `http://127.0.0.1:port` of each node's management API.
  public var managementURLs: [String] { nodes.map { "http://127.0.0.1:\($0.management)" } }

  public var amqpPorts: [Int] { nodes.map(\.amqp) }

  /// Runs `rabbitmqctl` on a node, counted from 1, and returns what it prints.
  ///
  /// - Throws: ``ManagedProcess/Failure`` if the command fails.
  @discardableResult
  public func control(_ node: Int, _ arguments: String...) async throws -> String {
    try await SupportScripts.run("rabbitmq-control", [name, String(node)] + arguments, within: .seconds(120))
  }

  /// Stops, kills, pauses or starts a node, counted from 1.
  ///
  /// - Throws: ``ManagedProcess/Failure``.
  public func perform(_ action: NodeAction, on node: Int) async throws {
    try await SupportScripts.run("rabbitmq-node", [name, String(node), action.rawValue], within: .seconds(240))
  }

  /// Writes `bytes` more beside the data of a node, counted from 1, as a log or a core dump does.
  ///
  /// - Throws: what writing throws, for instance where the disk is full.
  public func fillDisk(of node: Int, with bytes: Int) throws {
    let path = "\(folder)/n\(node)/data/ballast"
    if !FileManager.default.fileExists(atPath: path) { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data(count: bytes))
  }

  /// Stops the cluster and removes its data.
  ///
  /// - Throws: ``ManagedProcess/Failure``.
  public func stop() async throws {
    let first = isStopped.withLock { stopped in
      defer { stopped = true }
      return !stopped
    }
    guard first else { return }
    try await SupportScripts.run("rabbitmq-stop", [name], within: .seconds(120))
    Reaper.note("-cluster \(name)")
  }
}

/// Starts a cluster, calls `body` with it, and stops it whatever happens.
///
/// - Throws: what starting, `body` or stopping throws.
public func withRabbitMQ<Result>(
  nodes: Int = 1, suite: String = "trixie", memory: String = "400MB", disk: String = "50MB", dataSize: String? = nil,
  configuration: String = "", isolation: isolated (any Actor)? = #isolation,
  _ body: (RabbitMQServer) async throws -> Result
) async throws -> Result {
  let server = try await RabbitMQServer(
    nodes: nodes, suite: suite, memory: memory, disk: disk, dataSize: dataSize, configuration: configuration)
  let result: Result
  do {
    result = try await body(server)
  } catch {
    try? await server.stop()
    throw error
  }
  try await server.stop()
  return result
}
