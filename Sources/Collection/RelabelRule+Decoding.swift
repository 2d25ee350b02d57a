import StrictYAML
import TimeSeries

extension RelabelRule {
  /// Reads a list of rules as Prometheus writes them, with Prometheus's checks.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public static func rules(_ nodes: [YAMLNode]) throws(YAMLError) -> [RelabelRule] {
    var rules: [RelabelRule] = []
    for node in nodes { rules.append(try RelabelRule(node)) }
    return rules
  }

  /// Reads one rule.
  ///
  /// - Throws: `YAMLError` with the place of the first fault.
  public init(_ node: YAMLNode) throws(YAMLError) {
    var reader = try MappingReader(node, "a relabelling rule")
    let actionName = try reader.optionalString("action") ?? "replace"
    guard let action = Action(rawValue: actionName.lowercased()) else {
      let nearest = NearestWord.of(actionName, in: Action.allCases.map(\.rawValue))
      let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
      throw reader.error("action", "unknown relabelling action \"\(actionName.prefix(60))\"\(hint)")
    }
    let sourceLabels = try reader.strings("source_labels")
    let separator = try reader.optionalString("separator")
    let regex = try reader.optionalString("regex")
    let modulus = try reader.optionalInt("modulus") ?? 0
    let target = try reader.optionalString("target_label") ?? ""
    let replacement = try reader.optionalString("replacement")
    try reader.finish()

    guard modulus >= 0 else { throw reader.error("modulus", "modulus must not be negative") }
    switch action {
    case .hashmod where modulus == 0:
      throw YAMLError(node.place, "relabelling action hashmod needs a modulus over 0")
    case .replace, .hashmod, .lowercase, .uppercase, .keepequal, .dropequal:
      if target.isEmpty {
        throw YAMLError(node.place, "relabelling action \(action.rawValue) needs the key \"target_label\"")
      }
    default: break
    }
    let allowed: Set<String>? =
      switch action {
      case .keepequal, .dropequal: ["action", "source_labels", "target_label"]
      case .labeldrop, .labelkeep: ["action", "regex"]
      default: nil
      }
    if let allowed, let key = reader.presentKeys.first(where: { !allowed.contains($0) }) {
      throw reader.error(key, "relabelling action \(action.rawValue) does not take \"\(key)\"")
    }
    do {
      try self.init(
        action: action, sourceLabels: sourceLabels, separator: separator ?? ";", regex: regex ?? "(.*)",
        modulus: UInt64(modulus), targetLabel: target, replacement: replacement ?? "$1")
    } catch {
      throw reader.error("regex", "\(error)")
    }
  }
}
