/// A time of planned work, in which no incident is opened about what it touches.
public struct MaintenanceWindow: Sendable, Hashable, Codable, Identifiable {
  /// The object that stands for all of them.
  public static let everything = "*"

  public var id: String
  /// UTC milliseconds.
  public var start: Int64
  public var end: Int64
  /// After how many milliseconds it comes again; nil for once.
  public var period: Int64?
  /// Nodes, or queues written as incidents write them; empty for everything.
  public var objects: [String]
  public var comment: String
  public var createdBy: String

  public init(
    id: String, start: Int64, end: Int64, period: Int64? = nil, objects: [String] = [], comment: String = "",
    createdBy: String = ""
  ) {
    self.id = id
    self.start = start
    self.end = end
    self.period = period
    self.objects = objects
    self.comment = comment
    self.createdBy = createdBy
  }

  /// Whether work is under way at `now`, in milliseconds.
  public func isActive(at now: Int64) -> Bool {
    guard now >= start else { return false }
    let since = period.map { (now - start) % max(1, $0) } ?? (now - start)
    return since < end - start
  }

  /// Whether it lies behind for good.
  public func isOver(at now: Int64) -> Bool { period == nil && now >= end }

  /// The objects under planned work at `now`, in milliseconds.
  public static func objects(of windows: [MaintenanceWindow], at now: Int64) -> Set<String> {
    var result: Set<String> = []
    for window in windows where window.isActive(at: now) {
      if window.objects.isEmpty { result.insert(everything) } else { result.formUnion(window.objects) }
    }
    return result
  }
}
