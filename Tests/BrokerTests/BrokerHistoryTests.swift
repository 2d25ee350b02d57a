import Testing
import TimeSeries

@testable import Broker

@Suite("History of RabbitMQ from other servers")
struct BrokerHistoryTests {
  private let identity = Labels([
    Label("__name__", "rabbitmq_identity_info"), Label("instance", "r1:15692"), Label("rabbitmq_node", "rabbit@r1"),
    Label("rabbitmq_cluster", "shop"), Label("rabbitmq_cluster_permanent_id", "x"),
  ])

  private func stored(_ labels: [Label]) throws -> [Labels] {
    let said = try #require(BrokerHistory.identity.reading(identity))
    return BrokerHistory.identity.expand(said, Labels(labels))
  }

  @Test("a series gets the node and the cluster of its target, and keeps what it has")
  func node() throws {
    let series = [Label("__name__", "rabbitmq_connections"), Label("instance", "r1:15692")]
    #expect(
      try stored(series) == [Labels(series + [Label("rabbitmq_cluster", "shop"), Label("rabbitmq_node", "rabbit@r1")])])
    let own = series + [Label("rabbitmq_cluster", "mine"), Label("rabbitmq_node", "n")]
    #expect(try stored(own) == [Labels(own)])
  }

  @Test("a metric that was renamed has history under its old name, which is stored under both")
  func renames() throws {
    #expect(
      BrokerHistory.metricNames(for: ["erlang_vm_atoms", "up"]) == ["erlang_vm_atoms", "up", "erlang_vm_atom_count"])
    let names = try stored([Label("__name__", "erlang_vm_atom_count")]).map(\.metricName)
    #expect(names == ["erlang_vm_atom_count", "erlang_vm_atoms"])
  }

  @Test("an identity without a node says nothing")
  func nameless() {
    #expect(BrokerHistory.identity.reading(Labels([Label("rabbitmq_cluster", "shop")])) == nil)
  }
}
