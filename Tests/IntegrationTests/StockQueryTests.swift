import HarecastTestKit
import Testing

/// RabbitMQ's own dashboards ask everything through a join with `rabbitmq_identity_info`. These are the shapes of their
/// queries over two nodes, with results by hand, in the format that promtool and Harecast both run.
@Suite("Queries as RabbitMQ's own dashboards ask them", .timeLimit(.minutes(2)))
struct StockQueryTests {
  private static let joined = #"""
    * on(instance, job) group_left(rabbitmq_cluster, rabbitmq_node) rabbitmq_identity_info{rabbitmq_cluster="c", namespace="n", rabbitmq_endpoint="aggregated"}
    """#

  /// A query and its samples at two minutes, as labels and value.
  private static let queries: [(String, [(String, Double)])] = [
    ("sum(rabbitmq_queue_messages_ready @)", [("{}", 30)]),
    ("sum by(rabbitmq_node) (rabbitmq_queue_messages_ready @)", nodes(10, 20)),
    ("sum(rabbitmq_queue_messages_ready @) by(rabbitmq_node)", nodes(10, 20)),
    ("sum(rate(rabbitmq_global_messages_received_total[1m]) @) by(rabbitmq_node)", nodes(2, 1)),
    (
      #"sort_desc(sum by(rabbitmq_node) (irate(rabbitmq_global_messages_received_total{protocol="amqp091"}[1m]) @))"#,
      nodes(2, 1)
    ),
    (
      """
      sum(
        (rate(rabbitmq_global_messages_received_total[1m]) @) +
        (rate(rabbitmq_global_messages_received_total[1m]) @)
      ) by(rabbitmq_node)
      """, nodes(4, 2)
    ),
    (
      """
      sum(rate(rabbitmq_global_messages_received_total[1m]) @ - rate(rabbitmq_global_messages_confirmed_total[1m]) @ )
      by(rabbitmq_node)
      """,
      nodes(1, 0)
    ),
    ("(rabbitmq_resident_memory_limit_bytes @) - (rabbitmq_process_resident_memory_bytes @)", instances(600, 300)),
    ("(rabbitmq_resident_memory_limit_bytes - rabbitmq_process_resident_memory_bytes) @", instances(600, 300)),
    (
      "(rate(erlang_vm_dist_send_bytes[1m]) @) / \n(rate(erlang_vm_dist_send_cnt[1m]) @)",
      instances(100, 50)
    ),
    ("count(erlang_vm_dist_node_state @ == 3) OR vector(0)", [("{}", 1)]),
    ("count(erlang_vm_dist_node_state @ == 2) OR vector(0)", [("{}", 0)]),
    (
      """
      sum (erlang_vm_allocators{usage="blocks_size"} @)
      / sum (erlang_vm_allocators{usage="carriers_size"} @) * 100
      """, [("{}", 75)]
    ),
    (
      """
      (sum (erlang_vm_allocators{usage="carriers_size"} @) - sum (erlang_vm_allocators{usage="blocks_size"} @))
      / sum (erlang_vm_allocators{usage="carriers_size"} @) * 100
      """, [("{}", 25)]
    ),
    ("sum by(alloc) (erlang_vm_allocators @)", [(#"{alloc="binary_alloc"}"#, 1400)]),
    // A minute has 60 messages of up to 100 bytes, 180 of up to 1,000, and 240 altogether.
    (
      #"""
      (sum(increase(rabbitmq_message_size_bytes_bucket{le="1000.0"}[1m]) @)
        - sum(increase(rabbitmq_message_size_bytes_bucket{le="100.0"}[1m]) @))
      / sum(increase(rabbitmq_message_size_bytes_bucket{le="+Inf"}[1m]) @)
      """#, [("{}", 0.5)]
    ),
    (
      "max(rabbitmq_build_info @) by(erlang_version, rabbitmq_version, rabbitmq_node)",
      [
        (#"{erlang_version="27", rabbitmq_version="4.0.5", rabbitmq_node="n1"}"#, 1),
        (#"{erlang_version="27", rabbitmq_version="4.1.2", rabbitmq_node="n2"}"#, 1),
      ]
    ),
    (
      """
      rabbitmq_queue_messages_ready *on(instance,job) group_left(rabbitmq_version) rabbitmq_build_info @
      """,
      [
        (#"{instance="a", job="r", rabbitmq_version="4.0.5", rabbitmq_cluster="c", rabbitmq_node="n1"}"#, 10),
        (#"{instance="b", job="r", rabbitmq_version="4.1.2", rabbitmq_cluster="c", rabbitmq_node="n2"}"#, 20),
      ]
    ),
    (
      """
      sum by(rabbitmq_cluster) (rabbitmq_queue_messages_ready @) +

      sum by(rabbitmq_cluster) (rabbitmq_queue_messages_ready @)

      """, [(#"{rabbitmq_cluster="c"}"#, 60)]
    ),
    (
      #"sum by(instance) (rate(erlang_vm_dist_send_bytes{instance=~"a|b"}[1m]))"#,
      [(#"{instance="a"}"#, 100), (#"{instance="b"}"#, 50)]
    ),
    ("(max by (job) (irate(erlang_vm_dist_send_cnt[1m])) * 100)", [(#"{job="r"}"#, 100)]),
    ("count(rabbitmq_queue_messages_ready{job=\"r\"} > 10)", [("{}", 1)]),
  ]

  private static func nodes(_ first: Double, _ second: Double) -> [(String, Double)] {
    [(#"{rabbitmq_node="n1"}"#, first), (#"{rabbitmq_node="n2"}"#, second)]
  }

  private static func instances(_ first: Double, _ second: Double) -> [(String, Double)] {
    [("a", "n1", first), ("b", "n2", second)].map {
      (#"{instance="\#($0)", job="r", rabbitmq_cluster="c", rabbitmq_node="\#($1)"}"#, $2)
    }
  }

  private static let file: String = {
    var text = "evaluation_interval: 15s\nfuzzy_compare: true\ntests:\n  - interval: 15s\n    input_series:\n"
    func add(_ series: String, _ values: String) {
      text += "      - { series: '\(series)', values: '\(values)' }\n"
    }
    for (instance, node, version, ready, received, bytes, used, state) in [
      ("a", "n1", "4.0.5", 10, 30, 1500, 400, 3), ("b", "n2", "4.1.2", 20, 15, 750, 700, 1),
    ] {
      let own = #"instance="\#(instance)",job="r""#
      for endpoint in ["aggregated", "memory-breakdown"] {
        let job = endpoint == "aggregated" ? "r" : "s"
        add(
          #"rabbitmq_identity_info{instance="\#(instance)",job="\#(job)",rabbitmq_cluster="c",rabbitmq_node="\#(node)","#
            + #"namespace="n",rabbitmq_endpoint="\#(endpoint)"}"#, "1x8")
      }
      add(#"rabbitmq_build_info{\#(own),rabbitmq_version="\#(version)",erlang_version="27"}"#, "1x8")
      add("rabbitmq_queue_messages_ready{\(own)}", "\(ready)x8")
      add(#"rabbitmq_global_messages_received_total{\#(own),protocol="amqp091"}"#, "0+\(received)x8")
      add(#"rabbitmq_global_messages_confirmed_total{\#(own),protocol="amqp091"}"#, "0+15x8")
      add("erlang_vm_dist_send_bytes{\(own)}", "0+\(bytes)x8")
      add("erlang_vm_dist_send_cnt{\(own)}", "0+15x8")
      add("erlang_vm_dist_node_state{\(own)}", "\(state)x8")
      add("rabbitmq_resident_memory_limit_bytes{\(own)}", "1000x8")
      add("rabbitmq_process_resident_memory_bytes{\(own)}", "\(used)x8")
      for (usage, size) in [("blocks_size", 300), ("carriers_size", 400)] {
        add(#"erlang_vm_allocators{\#(own),alloc="binary_alloc",usage="\#(usage)"}"#, "\(size)x8")
      }
    }
    for (bound, count) in [("100.0", 15), ("1000.0", 45), ("+Inf", 60)] {
      add(#"rabbitmq_message_size_bytes_bucket{instance="a",job="r",le="\#(bound)"}"#, "0+\(count)x8")
    }
    text += "    promql_expr_test:\n"
    for (query, samples) in queries {
      let lines = query.replacing("@", with: joined).split(separator: "\n", omittingEmptySubsequences: false)
      text += "      - expr: |\n" + lines.map { "          \($0)\n" }.joined()
      text += "        eval_time: 2m\n        exp_samples:\n"
      for (labels, value) in samples { text += "          - { labels: '\(labels)', value: \(value) }\n" }
    }
    return text
  }()

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `Harecast answers them`() async throws {
    let path = try folder.write(Self.file, to: "stock.test.yml")
    let outcome = try await HarecastServer.run(["test", "rules", path])
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
  }

  @Test(.enabled(if: SupportScripts.realServersAreAvailable))
  func `the results are those of Prometheus`() async throws {
    let path = try folder.write(Self.file, to: "stock.test.yml")
    let outcome = try await promtool(["test", "rules", path])
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
  }
}
