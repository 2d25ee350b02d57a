import StrictYAML
import TimeSeries

/// The block `models`: where trained models lie, and which keys vouch for them.
public struct ModelSettings: Sendable, Equatable {
  /// The folder; nil for `models` in the data folder.
  public var path: String?
  /// The files with the keys; with any, models that none of them has signed are refused.
  public var keyFiles: [String] = []

  public init() {}

  /// - Parameter directory: where relative paths start.
  init(_ node: YAMLNode, directory: String) throws(YAMLError) {
    var reader = try MappingReader(node, "models")
    path = try reader.optionalString("path").map { Self.resolve($0, directory) }
    keyFiles = try reader.strings("key_files").map { Self.resolve($0, directory) }
    try reader.finish()
  }

  private static func resolve(_ path: String, _ directory: String) -> String {
    path.hasPrefix("/") ? path : directory + "/" + path
  }
}
