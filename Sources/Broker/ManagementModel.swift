#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `GET /api/overview` says of the cluster.
struct ManagementOverview: Decodable, Sendable, Equatable {
  var clusterName: String?
  var version: String?
  /// The node that answers.
  var node: String?

  enum CodingKeys: String, CodingKey {
    case node
    case clusterName = "cluster_name"
    case version = "rabbitmq_version"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    clusterName = container.tolerant(.clusterName)
    version = container.tolerant(.version)
    node = container.tolerant(.node)
  }
}

/// What `GET /api/nodes` says of one node. Of a node that is down it says little more than its name.
struct ManagementNode: Decodable, Sendable, Equatable {
  var name: String
  var isRunning: Bool?
  var isBeingDrained: Bool?
  /// The nodes that this one believes to be cut off.
  var partitions: [String]?

  enum CodingKeys: String, CodingKey {
    case name, partitions
    case isRunning = "running"
    case isBeingDrained = "being_drained"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    isRunning = container.tolerant(.isRunning)
    isBeingDrained = container.tolerant(.isBeingDrained)
    partitions = container.tolerant(.partitions)
  }
}

/// What `GET /api/queues` says of one queue.
struct ManagementQueue: Decodable, Sendable, Equatable {
  var vhost: String
  var name: String
  /// `classic`, `quorum` or `stream`.
  var type: String?
  /// `running`, `idle`, `down`, `minority`, `stopped` …
  var state: String?
  /// The limits that hold: of the policies and of the arguments the smaller.
  var limits: QueueLimits

  enum CodingKeys: String, CodingKey {
    case vhost, name, type, state, arguments
    case policy = "effective_policy_definition"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    vhost = try container.decode(String.self, forKey: .vhost)
    name = try container.decode(String.self, forKey: .name)
    type = container.tolerant(.type)
    state = container.tolerant(.state)
    let policy: QueueLimits.Policy? = container.tolerant(.policy)
    let arguments: QueueLimits.Arguments? = container.tolerant(.arguments)
    limits = (policy?.limits ?? QueueLimits()).tightened(by: arguments?.limits ?? QueueLimits())
  }
}

/// What a queue may hold, and for how long.
struct QueueLimits: Sendable, Equatable {
  /// In messages.
  var maxLength: Double?
  /// In bytes.
  var maxLengthBytes: Double?
  /// In milliseconds, as the broker has it.
  var messageTTL: Double?

  /// Of each limit the smaller one, as the broker decides between a policy and an argument.
  func tightened(by other: QueueLimits) -> QueueLimits {
    func smaller(_ path: KeyPath<QueueLimits, Double?>) -> Double? {
      [self[keyPath: path], other[keyPath: path]].compactMap { $0 }.min()
    }
    return QueueLimits(
      maxLength: smaller(\.maxLength), maxLengthBytes: smaller(\.maxLengthBytes), messageTTL: smaller(\.messageTTL))
  }

  private init(maxLength: Double?, maxLengthBytes: Double?, messageTTL: Double?) {
    self.maxLength = maxLength
    self.maxLengthBytes = maxLengthBytes
    self.messageTTL = messageTTL
  }

  init() {}

  private init<Key: CodingKey>(_ container: KeyedDecodingContainer<Key>, _ length: Key, _ bytes: Key, _ ttl: Key) {
    func limit(_ key: Key) -> Double? {
      guard let value: Double = container.tolerant(key), value >= 0, value.isFinite else { return nil }
      return value
    }
    self.init(maxLength: limit(length), maxLengthBytes: limit(bytes), messageTTL: limit(ttl))
  }

  /// Limits as a policy names them; operator policies are merged into it already.
  struct Policy: Decodable {
    var limits: QueueLimits

    enum CodingKeys: String, CodingKey {
      case length = "max-length"
      case bytes = "max-length-bytes"
      case ttl = "message-ttl"
    }

    init(from decoder: any Decoder) throws {
      limits = QueueLimits(try decoder.container(keyedBy: CodingKeys.self), .length, .bytes, .ttl)
    }
  }

  /// Limits as the arguments of a declaration name them.
  struct Arguments: Decodable {
    var limits: QueueLimits

    enum CodingKeys: String, CodingKey {
      case length = "x-max-length"
      case bytes = "x-max-length-bytes"
      case ttl = "x-message-ttl"
    }

    init(from decoder: any Decoder) throws {
      limits = QueueLimits(try decoder.container(keyedBy: CodingKeys.self), .length, .bytes, .ttl)
    }
  }
}

/// A list as the management API sends it: an array, or one page of one.
///
/// An element that cannot be read is left out. The API writes an empty array where it has no
/// statistics yet, also in the place of an object.
struct ManagementList<Element: Decodable & Sendable>: Decodable, Sendable {
  var elements: [Element]
  /// The number of pages; 1 for a bare array.
  var pageCount: Int

  enum CodingKeys: String, CodingKey {
    case items
    case pageCount = "page_count"
  }

  init(elements: [Element]) {
    self.elements = elements
    pageCount = 1
  }

  init(from decoder: any Decoder) throws {
    if let array = try? [Tolerated<Element>](from: decoder) {
      elements = array.compactMap(\.value)
      pageCount = 1
    } else {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      elements = try container.decode([Tolerated<Element>].self, forKey: .items).compactMap(\.value)
      pageCount = container.tolerant(.pageCount) ?? 1
    }
  }
}

/// An element that may be something else than expected.
private struct Tolerated<Value: Decodable & Sendable>: Decodable, Sendable {
  var value: Value?

  init(from decoder: any Decoder) throws {
    value = try? Value(from: decoder)
  }
}

extension KeyedDecodingContainer {
  /// The value of `key`, or nil if it is absent, null or of another type.
  fileprivate func tolerant<Value: Decodable>(_ key: Key) -> Value? {
    (try? decodeIfPresent(Value.self, forKey: key)) ?? nil
  }
}
