import StrictYAML
import TimeSeries

/// The block `models`: where trained models lie, and which keys vouch for them.
public struct ModelSettings: Sendable, Equatable {
  /// The folder; nil for `models` in the data folder.
  public var path: String?
  /// The files with the keys; with any, models that none of them has signed are refused.
  public var keyFiles: [String] = []
  /// The share of one core that models named by rules are trained with where that is slow.
  public var trainingShare = 0.25

  public init() {}

  /// - Parameter directory: where relative paths start.
  init(_ node: YAMLNode, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "models")
    path = try reader.optionalString("path").map { Self.resolve($0, directory) }
    keyFiles = try reader.strings("key_files").map { Self.resolve($0, directory) }
    if let share = try reader.optionalDouble("training_share") {
      guard share > 0, share <= 1 else {
        throw reader.error("training_share", "\(share) is not a share of one core, above 0 and at most 1")
      }
      trainingShare = share
    }
    try reader.finish()
  }

  private static func resolve(_ path: String, _ directory: String) -> String {
    path.hasPrefix("/") ? path : directory + "/" + path
  }
}
