import TimeSeries

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How the management API's documents are fetched; the program does it over HTTP, a test from files.
public protocol ManagementTransport: Sendable {
  /// Fetches `path`, which begins with `/api/`, and returns the status and the body.
  ///
  /// - Throws: A ``ManagementError`` if there was no answer.
  func get(_ path: String) async throws(ManagementError) -> (status: Int, body: [UInt8])
}

/// RabbitMQ's management API, as far as Harecast reads it.
///
/// A user with the tag `monitoring` is enough. It sees the queues only of those vhosts in which it
/// has a permission, if only an empty one.
struct ManagementAPI: Sendable {
  let transport: any ManagementTransport
  /// The address for messages.
  let url: String
  /// The user for messages.
  let user: String?

  /// How many queues are asked for at once: the most that RabbitMQ allows.
  static let pageSize = 500
  /// How many pages are read: 100,000 queues.
  static let pageLimit = 200

  /// Reads the overview, the nodes and all queues.
  ///
  /// The queues' columns are named, since what has statistics (`disable_stats` not set) is the only
  /// list that has the effective policy, and the columns keep it short.
  func snapshot() async throws(ManagementError) -> ManagementSnapshot {
    let overview: ManagementOverview = try await document("/api/overview?columns=cluster_name,rabbitmq_version,node")
    let nodes: ManagementList<ManagementNode> = try await document(
      "/api/nodes?columns=name,running,being_drained,partitions")
    var queues: [ManagementQueue] = []
    var page = 1
    while page <= Self.pageLimit {
      guard let list = try await queuePage(page) else { break }
      queues += list.elements
      if page >= list.pageCount { break }
      page += 1
    }
    let limits = await clientLimits(queues: queues)
    return ManagementSnapshot(overview: overview, nodes: nodes.elements, queues: queues, limits: limits)
  }

  /// One page of queues, or nil if there are not that many pages any more.
  private func queuePage(_ page: Int) async throws(ManagementError) -> ManagementList<ManagementQueue>? {
    let columns = "vhost,name,type,state,arguments,effective_policy_definition"
    let path = "/api/queues?page=\(page)&page_size=\(Self.pageSize)&columns=\(columns)"
    let (status, body) = try await transport.get(path)
    // Queues may be deleted while their pages are read; a page too far is then answered with 400.
    if status == 400, page > 1 { return nil }
    return try decode(path, status, body)
  }

  private func document<Document: Decodable & Sendable>(_ path: String) async throws(ManagementError) -> Document {
    let (status, body) = try await transport.get(path)
    return try decode(path, status, body)
  }

  /// A document that not every version has, nor every user may read: nil where it is refused.
  func optional<Document: Decodable & Sendable>(_ path: String) async throws(ManagementError) -> Document? {
    let (status, body) = try await transport.get(path)
    // The health check says with 503 that a limit is reached.
    guard [200, 503].contains(status) else { return nil }
    return try? JSONDecoder().decode(Document.self, from: Data(body))
  }

  private func decode<Document: Decodable>(
    _ path: String, _ status: Int, _ body: [UInt8]
  ) throws(ManagementError) -> Document {
    let name = path.prefix { $0 != "?" }
    switch status {
    case 200: break
    case 401: throw ManagementError.unauthorised(url: url, user: user)
    default: throw ManagementError(.status, url: url, detail: "\(name) answered with status \(status)")
    }
    do {
      return try JSONDecoder().decode(Document.self, from: Data(body))
    } catch {
      let start = String(decoding: body.prefix(60), as: UTF8.self)
      let detail = "\(name) sent something else than expected: \(Labels.quoted(start))"
      throw ManagementError(.malformed, url: url, detail: detail)
    }
  }
}
