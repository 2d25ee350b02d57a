/// A time of planned work, in which no incident is opened about what it touches.
public struct MaintenanceWindow: Sendable, Hashable, Codable, Identifiable {
  /// The object that stands for all of them.
  public static let everything = "*"

  public var id: String
  /// UTC milliseconds.
  public var start: Int64
  public var end: Int64
  /// Nodes, or queues written as incidents write them; empty for everything.
  public var objects: [String]
  public var comment: String
  public var createdBy: String

  public init(
    id: String, start: Int64, end: Int64, objects: [String] = [], comment: String = "", createdBy: String = ""
  ) {
    self.id = id
    self.start = start
    self.end = end
    self.objects = objects
    self.comment = comment
    self.createdBy = createdBy
  }

  /// The objects under planned work at `now`, in milliseconds.
  public static func objects(of windows: [MaintenanceWindow], at now: Int64) -> Set<String> {
    var result: Set<String> = []
    for window in windows where window.start <= now && now < window.end {
      if window.objects.isEmpty { result.insert(everything) } else { result.formUnion(window.objects) }
    }
    return result
  }
}
