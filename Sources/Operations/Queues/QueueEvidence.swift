/// One signal of a queue and what it shows: why its verdict is what it is.
public struct QueueEvidence: Sendable, Hashable {
  /// The series, for instance `rabbitmq_detailed_queue_consumers`.
  public var signal: String
  /// What it shows, as words.
  public var detail: String
}

extension QueueJudge {
  /// What is known of a queue, in the order of a message's way: published, waiting, with whom, acknowledged.
  func evidence(of track: QueueTrack, rate: Double, error: Double) -> [QueueEvidence] {
    var result: [QueueEvidence] = []
    func add(_ signal: String, _ detail: String) {
      result.append(QueueEvidence(signal: "rabbitmq_detailed_queue_" + signal, detail: detail))
    }
    func flow(_ metric: QueueMetric, _ signal: String, _ words: String) {
      if let rate = track.rate(metric, over: window) { add(signal, "\(Words.number(rate)) a second \(words)") }
    }
    flow(.published, "exchange_messages_published_total", "are published")
    let waiting = Words.count(track.ready.last?.mean ?? 0, "message waits", "messages wait")
    let net = error.isFinite ? ", \(Words.number(rate)) ± \(Words.number(1.96 * error)) more a second" : ""
    add("messages_ready", waiting + net)
    if let unacked = track.unacked.last?.mean {
      add("messages_unacked", Words.count(unacked, "is with consumers", "are with consumers"))
    }
    if let consumers = track.newest[.consumers] {
      let able = track.newest[.capacity].map {
        ", able to take more \(Words.number(($0 * 100).rounded()))% of the time"
      }
      add("consumers", Words.count(consumers, "consumer", "consumers") + (consumers > 0 ? able ?? "" : ""))
    }
    flow(.delivered, "messages_delivered_total", "are delivered")
    flow(.redelivered, "messages_redelivered_total", "of them again")
    flow(.acknowledged, "messages_acked_total", "are acknowledged")
    return result
  }
}
