import Synchronization

@testable import Broker

/// Answers with prepared documents, in the place of a broker.
final class RecordedTransport: ManagementTransport {
  typealias Answer = (status: Int, body: [UInt8])

  private let answers: Mutex<[String: Answer]>
  private let asked = Mutex<[String]>([])

  /// - Parameter answers: By what the path begins with; the longest such beginning counts.
  init(_ answers: [String: Answer]) { self.answers = Mutex(answers) }

  convenience init(nodes: String, queues: String, overview: String = "api.overview.json") throws {
    self.init([
      "/api/overview": (200, try Fixture.bytes(overview)), "/api/nodes": (200, try Fixture.bytes(nodes)),
      "/api/queues": (200, try Fixture.bytes(queues)),
    ])
  }

  var paths: [String] { asked.withLock { $0 } }

  func set(_ prefix: String, _ answer: Answer) { answers.withLock { $0[prefix] = answer } }

  func get(_ path: String) async throws(ManagementError) -> (status: Int, body: [UInt8]) {
    asked.withLock { $0.append(path) }
    let best = answers.withLock { answers in
      answers.filter { path.hasPrefix($0.key) }.max { $0.key.count < $1.key.count }?.value
    }
    guard let best else { throw ManagementError(.unreachable, url: "http://test", detail: "no answer") }
    return best
  }
}
