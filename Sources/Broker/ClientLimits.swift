#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How many connections, channels and queues there may be, and how many there are: of a vhost, a user, the node that
/// answers, and the one connection with the most channels.
///
/// RabbitMQ tells limits of vhosts and users to administrators only, and that of a node from 4.1.1 on; what is not told
/// is not there.
struct ClientLimits: Sendable, Equatable {
  /// What is counted, with its limit.
  struct Use: Sendable, Equatable {
    var used: Double
    var limit: Double
  }

  /// By vhost: connections, queues.
  var vhostConnections: [String: Use] = [:]
  var vhostQueues: [String: Use] = [:]
  /// By user: connections, channels.
  var userConnections: [String: Use] = [:]
  var userChannels: [String: Use] = [:]
  /// Of the node that answers.
  var nodeConnections: Use?
  /// Of the connection with the most channels.
  var connectionChannels: Use?
}

extension ManagementAPI {
  /// The limits that the user may read; a request that fails ends the reading, and what was read counts.
  ///
  /// Connections are listed only where a limit counts them.
  func clientLimits(queues: [ManagementQueue]) async -> ClientLimits {
    var found = ClientLimits()
    do throws(ManagementError) {
      if let node: NodeLimit = try await optional("/api/health/checks/below-node-connection-limit") {
        found.nodeConnections = node.use
      }
      let fullest = "/api/connections?page=1&page_size=1&sort=channels&sort_reverse=true&columns=channels,channel_max"
      if let list: ManagementList<Connection> = try await optional(fullest), let first = list.elements.first,
        let channels = first.channels, let limit = first.channelMax, limit > 0
      {
        found.connectionChannels = ClientLimits.Use(used: channels, limit: limit)
      }
      let vhosts: ManagementList<NamedLimits> = try await optional("/api/vhost-limits") ?? .init(elements: [])
      let users: ManagementList<NamedLimits> = try await optional("/api/user-limits") ?? .init(elements: [])
      for vhost in vhosts.elements {
        if let limit = vhost.queues {
          let used = queues.count { $0.vhost == vhost.name }
          found.vhostQueues[vhost.name] = ClientLimits.Use(used: Double(used), limit: limit)
        }
      }
      guard (vhosts.elements + users.elements).contains(where: { $0.connections != nil || $0.channels != nil }) else {
        return found
      }
      let connections = try await connections()
      for vhost in vhosts.elements {
        guard let limit = vhost.connections else { continue }
        let used = connections.count { $0.vhost == vhost.name }
        found.vhostConnections[vhost.name] = ClientLimits.Use(used: Double(used), limit: limit)
      }
      for user in users.elements {
        let own = connections.filter { $0.user == user.name }
        if let limit = user.connections {
          found.userConnections[user.name] = ClientLimits.Use(used: Double(own.count), limit: limit)
        }
        if let limit = user.channels {
          let used = own.reduce(0) { $0 + ($1.channels ?? 0) }
          found.userChannels[user.name] = ClientLimits.Use(used: used, limit: limit)
        }
      }
    } catch {}
    return found
  }

  /// All connections, with their vhost, user and number of channels.
  private func connections() async throws(ManagementError) -> [Connection] {
    var result: [Connection] = []
    for page in 1...Self.pageLimit {
      let path = "/api/connections?page=\(page)&page_size=\(Self.pageSize)&columns=vhost,user,channels"
      guard let list: ManagementList<Connection> = try await optional(path) else { break }
      result += list.elements
      if page >= list.pageCount { break }
    }
    return result
  }
}

/// What `GET /api/connections` says of one connection; right after it was opened, nothing.
private struct Connection: Decodable, Sendable {
  var vhost: String?
  var user: String?
  var channels: Double?
  var channelMax: Double?

  enum CodingKeys: String, CodingKey {
    case vhost, user, channels
    case channelMax = "channel_max"
  }
}

/// What `GET /api/vhost-limits` and `/api/user-limits` say of one vhost or user.
private struct NamedLimits: Decodable, Sendable {
  private struct Value: Decodable {
    var connections: Double?
    var channels: Double?
    var queues: Double?
    enum CodingKeys: String, CodingKey {
      case connections = "max-connections"
      case channels = "max-channels"
      case queues = "max-queues"
    }
  }

  var name: String
  var connections: Double?
  var channels: Double?
  var queues: Double?

  enum CodingKeys: String, CodingKey { case vhost, user, value }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .vhost) ?? container.decode(String.self, forKey: .user)
    let value = try container.decode(Value.self, forKey: .value)
    // A negative limit is none.
    connections = value.connections.flatMap { $0 < 0 ? nil : $0 }
    channels = value.channels.flatMap { $0 < 0 ? nil : $0 }
    queues = value.queues.flatMap { $0 < 0 ? nil : $0 }
  }
}

/// What the health check of a node's connection limit says; without a limit it is the word `infinity`.
private struct NodeLimit: Decodable, Sendable {
  var use: ClientLimits.Use?

  enum CodingKeys: String, CodingKey { case limit, connections }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard let limit = try? container.decode(Double.self, forKey: .limit),
      let used = try? container.decode(Double.self, forKey: .connections)
    else { return }
    use = ClientLimits.Use(used: used, limit: limit)
  }
}
