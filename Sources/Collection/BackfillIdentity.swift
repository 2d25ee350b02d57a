import TimeSeries

/// A domain's say in fetched history: one metric says of each target who it is, and the target's other series are stored
/// with what it says, as those that this server reads from the target itself.
///
/// Without it, history from a server that knows targets by address only would stand beside the series it belongs to.
public struct BackfillIdentity: Sendable {
  /// The metric whose series say who their target is. A target is known by its label `instance`.
  public var metric: String
  /// What a series of ``metric`` says, as labels; nil if it says nothing.
  public var reading: @Sendable (_ series: Labels) -> Labels?
  /// The label sets under which a fetched series is stored, by what is said of its target; none drops it.
  public var expand: @Sendable (_ said: Labels, _ series: Labels) -> [Labels]

  public init(
    metric: String, reading: @escaping @Sendable (Labels) -> Labels?,
    expand: @escaping @Sendable (Labels, Labels) -> [Labels]
  ) {
    self.metric = metric
    self.reading = reading
    self.expand = expand
  }
}

/// What a source of history says of its targets.
struct KnownTargets: Sendable, Equatable {
  /// By the label `instance`.
  private var said: [String: Labels] = [:]
  /// Instances that have been more than one thing: their history is left as it is.
  private(set) var ambiguous: Set<String> = []

  init() {}

  init(_ series: [Labels], _ identity: BackfillIdentity) {
    for labels in series {
      guard let instance = labels["instance"], let new = identity.reading(labels) else { continue }
      if let known = said.updateValue(new, forKey: instance), known != new { ambiguous.insert(instance) }
    }
    for instance in ambiguous { said[instance] = nil }
  }

  /// What is said of the target of `series`.
  subscript(series: Labels) -> Labels? { series["instance"].flatMap { said[$0] } }
}
