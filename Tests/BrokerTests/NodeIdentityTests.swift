import Testing
import TimeSeries

@testable import Broker

@Suite("NodeIdentity")
struct NodeIdentityTests {
  private func identity(_ bytes: [UInt8]) -> NodeIdentity? {
    bytes.withUnsafeBytes { NodeIdentity(document: $0) }
  }

  private func identity(_ text: String) -> NodeIdentity? { identity(Array(text.utf8)) }

  @Test(
    "is found in every kind of document of 4.0.5 and 4.3.6",
    arguments: [
      ("n1.metrics.txt", "rabbit1@localhost", "harecast-c1", "KtTMjhpIUYKDu_ySXmm4Wg"),
      ("n1.per-object.txt", "rabbit1@localhost", "harecast-c1", "KtTMjhpIUYKDu_ySXmm4Wg"),
      ("n1.detailed.queue_coarse_metrics.txt", "rabbit1@localhost", "harecast-c1", "KtTMjhpIUYKDu_ySXmm4Wg"),
      ("n1.memory-breakdown.txt", "rabbit1@localhost", "harecast-c1", "KtTMjhpIUYKDu_ySXmm4Wg"),
      ("436.metrics.txt", "hc436@localhost", "hc436@localhost", "0TPebbwkEZ5Fh70xGDANWg"),
      ("436.metrics_detailed.txt", "hc436@localhost", "hc436@localhost", "0TPebbwkEZ5Fh70xGDANWg"),
      ("436.metrics_per-object.txt", "hc436@localhost", "hc436@localhost", "0TPebbwkEZ5Fh70xGDANWg"),
    ])
  func real(fixture: String, node: String, cluster: String, id: String) throws {
    let found = identity(try Fixture.bytes(fixture))
    #expect(found == NodeIdentity(node: node, cluster: cluster, permanentID: "rabbitmq-cluster-id-" + id))
  }

  @Test("belongs to the node that wrote the document")
  func nodes() throws {
    #expect(identity(try Fixture.bytes("alarm.n2.metrics.txt"))?.node == "rabbit2@localhost")
  }

  @Test("is not looked for inside a label value or a comment")
  func places() {
    let decoy =
      "# HELP x rabbitmq_identity_info{rabbitmq_node=\"no\"} 1\nm{l=\"rabbitmq_identity_info{rabbitmq_node=no\"} 1\n"
    #expect(identity(decoy) == nil)
    let real = decoy + "rabbitmq_identity_info{rabbitmq_node=\"a@b\",rabbitmq_cluster=\"c\"} 1"
    #expect(identity(real) == NodeIdentity(node: "a@b", cluster: "c"))
  }

  @Test("resolves escapes")
  func escapes() {
    let text = #"rabbitmq_identity_info{rabbitmq_cluster="say \"hi\" \\ \n}",rabbitmq_node="n@h"} 1"#
    #expect(identity(text) == NodeIdentity(node: "n@h", cluster: "say \"hi\" \\ \n}"))
  }

  @Test(
    "is nil where a line is broken",
    arguments: [
      "", "rabbitmq_identity_info{", "rabbitmq_identity_info{}", "rabbitmq_identity_info{rabbitmq_node",
      "rabbitmq_identity_info{rabbitmq_node=", "rabbitmq_identity_info{rabbitmq_node=\"",
      "rabbitmq_identity_info{rabbitmq_node=\"a\\", "rabbitmq_identity_info{rabbitmq_node=a}",
      "rabbitmq_identity_info{rabbitmq_cluster=\"c\"} 1", "rabbitmq_identity_info{,,,,} 1",
      "rabbitmq_identity_info{rabbitmq_node=\"\"} 1",
    ])
  func broken(text: String) {
    #expect(identity(text) == nil)
  }

  @Test("survives any cut and any changed byte of a real line")
  func damage() {
    let line = "rabbitmq_identity_info{rabbitmq_node=\"rabbit1@localhost\",rabbitmq_cluster=\"c\\\"1\"} 1\n"
    let bytes = Array(line.utf8)
    for index in bytes.indices {
      _ = identity(Array(bytes[..<index]))
      for byte: UInt8 in [0, 10, 34, 44, 61, 92, 125, 255] {
        var changed = bytes
        changed[index] = byte
        _ = identity(changed)
      }
    }
  }

  @Test("adds the node and the cluster to series that lack them, and leaves the info metrics alone")
  func added() {
    let identity = NodeIdentity(node: "a@h", cluster: "c")
    #expect(
      identity.added(to: Labels(name: "m", ["instance": "i"]))
        == Labels(name: "m", ["instance": "i", "rabbitmq_node": "a@h", "rabbitmq_cluster": "c"]))
    #expect(
      identity.added(to: Labels(name: "m", ["rabbitmq_node": "other"]))
        == Labels(name: "m", ["rabbitmq_node": "other", "rabbitmq_cluster": "c"]))
    for name in ["rabbitmq_identity_info", "rabbitmq_build_info"] {
      #expect(identity.added(to: Labels(name: name)) == Labels(name: name))
    }
  }
}
