import Exposition
import Testing
import TimeSeries

@testable import Broker

@Suite("MetricNames")
struct MetricNamesTests {
  @Test("has each old name in 4.0.5 and not in 4.3.6, and each canonical name in 4.3.6 and not in 4.0.5")
  func renames() throws {
    let old = try Fixture.allMetricTypes("405")
    let new = try Fixture.allMetricTypes("436")
    for rename in MetricNames.renames {
      #expect(old[rename.old] != nil, "\(rename.old)")
      #expect(new[rename.old] == nil, "\(rename.old)")
      #expect(new[rename.canonical] != nil, "\(rename.canonical)")
      #expect(old[rename.canonical] == nil, "\(rename.canonical)")
    }
    #expect(Set(MetricNames.renames.map(\.old)).count == MetricNames.renames.count)
  }

  @Test("knows every metric that 4.0.5 has and 4.3.6 has not")
  func complete() throws {
    let new = try Fixture.allMetricTypes("436")
    let gone = try Fixture.allMetricTypes("405").keys.filter { new[$0] == nil }
    // Removed without a successor.
    let removed: Set = [
      "rabbitmq_alarms_file_descriptor_limit", "rabbitmq_queue_messages_paged_out",
      "rabbitmq_queue_messages_paged_out_bytes", "rabbitmq_detailed_queue_messages_paged_out",
      "rabbitmq_detailed_queue_messages_paged_out_bytes", "telemetry_scrape_encoded_size_bytes",
    ]
    let known = Set(MetricNames.renames.map(\.old)).union(removed)
    #expect(gone.filter { !known.contains($0) && !$0.hasPrefix("erlang_mnesia_") } == [])
  }

  @Test("stores a renamed series of one queue under the new name too")
  func perQueue() {
    let old = Labels(name: "rabbitmq_detailed_raft_log_commit_index", ["vhost": "/", "queue": "q"])
    let new = Labels(name: "rabbitmq_detailed_raft_commit_index", ["vhost": "/", "queue": "q"])
    #expect(MetricNames.canonical(old) == new)
    #expect(MetricNames.canonical(new) == nil)
  }

  @Test("names the metadata store and the stream coordinator as 4.3 does")
  func coordination() {
    let metadata = Labels(name: "rabbitmq_detailed_raft_term_total", ["raft_cluster": "rabbitmq_metadata"])
    #expect(
      MetricNames.canonical(metadata)
        == Labels(name: "rabbitmq_detailed_raft_term", ["module": "rabbit_khepri", "ra_system": "coordination"]))
    let streams = Labels(name: "rabbitmq_raft_term_total", ["raft_cluster": "rabbit_stream_coordinator"])
    #expect(
      MetricNames.canonical(streams)
        == Labels(name: "rabbitmq_raft_term", ["module": "rabbit_stream_coordinator", "ra_system": "coordination"]))
  }

  @Test("keeps the sums over all queues, and metrics of another unit, under their own name only")
  func notAliased() {
    #expect(MetricNames.canonical(Labels(name: "rabbitmq_raft_term_total")) == nil)
    #expect(MetricNames.canonical(Labels(name: "rabbitmq_raft_entry_commit_latency_seconds")) == nil)
    #expect(MetricNames.canonical(Labels(name: "erlang_vm_statistics_runtime_milliseconds")) == nil)
    #expect(MetricNames.canonical(Labels(name: "rabbitmq_queue_messages_ready")) == nil)
    #expect(
      MetricNames.canonical(Labels(name: "erlang_vm_memory_bytes_total", ["kind": "system"]))
        == Labels(name: "erlang_vm_memory_bytes", ["kind": "system"]))
  }

  @Test("gives labels that a 4.3.6 broker really uses")
  func realLabels() throws {
    let new = try Fixture.document("436.metrics_detailed.txt")
    for family in try Fixture.document("n1.detailed.ra_metrics.txt").families {
      for point in family.samples {
        guard let canonical = MetricNames.canonical(point.labels) else { continue }
        let there = try #require(new[canonical.metricName]).samples.map { $0.labels.elements.map(\.name) }
        #expect(there.contains(canonical.elements.map(\.name)), "\(canonical)")
      }
    }
  }

  @Test("lists only metrics that exist")
  func habitsExist() throws {
    // What the fixtures have no sample of, because no queue of the kind was there.
    let unseen: Set = ["rabbitmq_queue_consumer_capacity"]
    let known = Set(try Fixture.allMetricTypes("405").keys).union(try Fixture.allMetricTypes("436").keys)
    for (habit, metrics) in MetricNames.habits {
      for metric in metrics where !unseen.contains(metric) {
        #expect(known.contains(metric), "\(habit): \(metric)")
      }
    }
    #expect(Set(MetricNames.habits.keys) == Set(MetricHabit.allCases))
  }

  @Test("calls counters what the broker types as counters, and gauges what it types as gauges")
  func habitsFitTypes() throws {
    let old = try Fixture.allMetricTypes("405")
    let types = try Fixture.allMetricTypes("436").merging(old) { new, _ in new }
    for (habit, type) in [
      (MetricHabit.fallingCounter, "counter"), (.gaugeTypedAsCounter, "counter"), (.gaugeNamedTotal, "gauge"),
    ] {
      for metric in MetricNames.habits[habit] ?? [] { #expect(types[metric] == type, "\(metric)") }
    }
    // Every gauge with the suffix of a counter is in the table.
    let oddGauges = types.filter { $0.value == "gauge" && $0.key.hasSuffix("_total") }.keys
    #expect(Set(oddGauges) == Set(MetricNames.habits[.gaugeNamedTotal] ?? []))
  }

  @Test("says of a series per queue how to combine nodes")
  func acrossNodes() {
    #expect(MetricNames.habits(of: "rabbitmq_detailed_queue_messages_ready") == [.reportedByLeader])
    #expect(MetricNames.habits(of: "rabbitmq_detailed_queue_messages_acked_total") == [.reportedByChannel])
    #expect(
      MetricNames.habits(of: "rabbitmq_detailed_stream_segments") == [.reportedByLeader, .gaugeTypedAsCounter])
    #expect(MetricNames.habits(of: "rabbitmq_global_messages_received_total").isEmpty)
  }

  @Test("agrees with the dead series of a loaded broker")
  func zeros() throws {
    let document = try Fixture.document("n1.metrics.txt")
    for metric in MetricNames.habits[.alwaysZero] ?? [] {
      let values = document[metric]?.samples.map(\.value) ?? []
      #expect(values.allSatisfy { $0 == 0 }, "\(metric)")
    }
  }
}
