import TimeSeries

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Who answered a scrape: the node, its cluster, and the id that the cluster keeps when renamed.
///
/// RabbitMQ says it in one series, `rabbitmq_identity_info`, and no other series has a node label.
public struct NodeIdentity: Sendable, Hashable {
  /// The Erlang node name, for instance `rabbit@host`.
  public var node: String
  /// The cluster's name, which an operator can change.
  public var cluster: String
  /// The cluster's permanent id; empty if the broker did not say.
  public var permanentID: String

  public init(node: String, cluster: String, permanentID: String = "") {
    self.node = node
    self.cluster = cluster
    self.permanentID = permanentID
  }

  /// Reads the identity from a document in the text format, or returns nil if it has none.
  ///
  /// Only the line of `rabbitmq_identity_info` is looked at, so that this can run before every
  /// parse.
  ///
  /// - Complexity: O(`document.count`), at the speed of `memchr`.
  public init?(document: UnsafeRawBufferPointer) {
    guard let line = Self.line(in: document), let identity = Self(line: line) else { return nil }
    self = identity
  }

  /// The metric that carries the identity.
  public static let metric = "rabbitmq_identity_info"

  private static let beginning: [UInt8] = Array("\(metric){".utf8)
  private static let newline = UInt8(ascii: "\n")

  /// The bytes of the identity's line behind the opening brace, or nil.
  ///
  /// Only beginnings of lines are compared: in a label value or a comment the name means nothing.
  static func line(in document: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard let base = document.baseAddress else { return nil }
    var start = 0
    while start < document.count {
      let found = memchr(base + start, Int32(newline), document.count - start)
      let end = found.map { UnsafeRawPointer($0) - base } ?? document.count
      let line = UnsafeRawBufferPointer(rebasing: document[start..<end])
      if line.count > beginning.count, line.starts(with: beginning) {
        return UnsafeRawBufferPointer(rebasing: line[beginning.count...])
      }
      start = end + 1
    }
    return nil
  }

  /// Reads `name="value",…}`, the part of the line behind the opening brace.
  init?(line: UnsafeRawBufferPointer) {
    var labels: [String: String] = [:]
    var rest = Slice(base: line, bounds: line.startIndex..<line.endIndex)
    while let first = rest.first, first != UInt8(ascii: "}") {
      let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "}") }
      rest = rest.dropFirst(name.count)
      guard rest.starts(with: [UInt8(ascii: "="), UInt8(ascii: "\"")]) else { return nil }
      rest = rest.dropFirst(2)
      var value: [UInt8] = []
      while let byte = rest.first, byte != UInt8(ascii: "\"") {
        rest = rest.dropFirst()
        if byte == UInt8(ascii: "\\"), let escaped = rest.first {
          value.append(escaped == UInt8(ascii: "n") ? Self.newline : escaped)
          rest = rest.dropFirst()
        } else {
          value.append(byte)
        }
      }
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
      let key = String(decoding: name, as: UTF8.self).filter { $0 != " " }
      labels[key] = String(decoding: value, as: UTF8.self)
    }
    guard let node = labels["rabbitmq_node"], !node.isEmpty else { return nil }
    self.init(
      node: node, cluster: labels["rabbitmq_cluster"] ?? "",
      permanentID: labels["rabbitmq_cluster_permanent_id"] ?? "")
  }

  /// Reads the labels of a series of `rabbitmq_identity_info`, or returns nil if they name no node.
  public init?(labels: Labels) {
    guard let node = labels["rabbitmq_node"], !node.isEmpty else { return nil }
    self.init(
      node: node, cluster: labels["rabbitmq_cluster"] ?? "",
      permanentID: labels["rabbitmq_cluster_permanent_id"] ?? "")
  }

  /// `labels` with `rabbitmq_node` and `rabbitmq_cluster`, where it does not have them yet.
  ///
  /// `rabbitmq_identity_info` and `rabbitmq_build_info` stay as the broker wrote them, since rules
  /// join on them.
  public func added(to labels: Labels) -> Labels {
    let name = labels.metricName
    if name == Self.metric || name == "rabbitmq_build_info" { return labels }
    var result = labels
    if result["rabbitmq_node"] == nil { result = result.setting("rabbitmq_node", to: node) }
    if result["rabbitmq_cluster"] == nil { result = result.setting("rabbitmq_cluster", to: cluster) }
    return result
  }
}
