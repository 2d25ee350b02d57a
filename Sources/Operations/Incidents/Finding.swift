/// What a detector sees at one moment; incidents are made of findings.
struct Finding: Sendable, Equatable {
  var type: IncidentType
  /// The node or queue, or empty for the cluster.
  var object: String
  var affected: [String] = []
  /// 0 to 10.
  var severity: Double
  /// UTC milliseconds.
  var since: Int64
  var isPredicted = false
  var limit = ""
  var timeToLimit: TimeToLimit?
  var summary: String
  /// Weights; made shares that add up to 1 when an incident is made of them.
  var evidence: [IncidentEvidence]
  /// Whether it stands on its own proof, so that another incident does not explain it away.
  var isCertain = false
}
