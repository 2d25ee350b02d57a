/// What becomes of a queue, judged from all its signals together and not from its length alone.
public struct QueueFate: Sendable, Equatable {
  public enum Verdict: String, Sendable, CaseIterable, Codable {
    /// Nothing in it, nothing going through.
    case idle
    /// Messages wait, and there are fewer all the time.
    case clearing
    /// What comes in goes out.
    case keepingUp = "keeping_up"
    /// More comes in than goes out.
    case growing
    /// Consumers are there, messages wait, and nothing is acknowledged.
    case stalled
    /// Messages wait and nobody consumes.
    case noConsumers = "no_consumers"
    /// The same messages are delivered again and again.
    case redeliveryLoop = "redelivery_loop"

    /// The words of sentences.
    public var words: String { rawValue.replacing("_", with: " ") }
  }

  /// What a queue runs into.
  public enum Limit: String, Sendable, CaseIterable, Codable {
    case maxLength = "max_length"
    case maxLengthBytes = "max_length_bytes"
    /// The wait for a consumer exceeds the time to live: messages expire.
    case messageTTL = "message_ttl"
    /// No limit of its own: the configured depth that counts as too many.
    case depth
    case nodeMemory = "node_memory"
    case nodeDisk = "node_disk"

    public var words: String {
      switch self {
      case .maxLength: "its length limit"
      case .maxLengthBytes: "its size limit"
      case .messageTTL: "the time to live of its messages"
      case .depth: "the depth that counts as too many"
      case .nodeMemory: "the memory limit of its node"
      case .nodeDisk: "the disk limit of its node"
      }
    }
  }

  public var queue: QueueKey
  public var verdict: Verdict
  /// Messages a second, ready and unacknowledged together; positive is growth.
  public var netRate: Double
  /// The standard error of ``netRate``.
  public var netRateError: Double
  /// When the queue is empty, in seconds from now, with its 95% interval; nil unless it surely shrinks.
  public var drain: TimeToLimit?
  /// When it runs into something, for each limit that it moves towards.
  public var limits: [Limit: TimeToLimit]
  /// The signals that the verdict is made of.
  public var evidence: [QueueEvidence] = []

  /// The limit that is met first.
  public var nearest: (limit: Limit, time: TimeToLimit)? {
    limits.min { ($0.value.median, $0.key.rawValue) < ($1.value.median, $1.key.rawValue) }.map { ($0.key, $0.value) }
  }
}

extension QueueFate {
  /// The operator's sentence, for instance: queue `orders` on `/eu` is growing by 12 messages a second, will hit its
  /// length limit in 25 min (20 min to 40 min).
  public var sentence: String {
    let rate = Words.count(abs(netRate), "message", "messages")
    var text = "queue \(queue) "
    switch verdict {
    case .idle: text += "is idle"
    case .keepingUp: text += "keeps up"
    case .clearing: text += "clears by \(rate) a second"
    case .growing: text += "grows by \(rate) a second"
    case .stalled: text += "is stalled: its consumers acknowledge nothing"
    case .noConsumers: text += "has messages and no consumers"
    case .redeliveryLoop: text += "delivers the same messages again and again"
    }
    if let drain { text += ", will be empty in \(Words.interval(drain))" }
    if let (limit, time) = nearest, time.probability >= 0.3 {
      text += time.median > 0 ? ", will hit \(limit.words) in \(Words.interval(time))" : ", is over \(limit.words)"
    }
    return text
  }
}
