import PromQL
import Rules

/// The rules that are in the binary, so that a start without any file has something to say.
enum ShippedRules {
  /// The name under which they appear in errors and in the API.
  static let path = "rabbitmq.yml (built in)"

  /// The parsed rules.
  static func parse(engine: QueryEngine) throws -> RuleFile {
    try RuleFile.parse(String(decoding: PackageResources.rabbitmq_yml, as: UTF8.self), path: path, engine: engine)
  }
}
