import PromQL
import Rules
import TimeSeries

/// Which rules `/api/v1/rules` shows.
struct RuleFilter {
  private let type: String
  private let names: Set<String>
  private let groups: Set<String>
  private let files: Set<String>
  private let selectors: [[LabelMatcher]]
  private let limit: Int?
  private let token: String?
  /// Whether alerts are left out.
  let excludesAlerts: Bool

  /// - Throws: ``APIError`` in Prometheus's words.
  init(_ parameters: RequestParameters, engine: QueryEngine) throws {
    type = parameters["type"] ?? ""
    guard ["", "alert", "record"].contains(type) else {
      throw APIError(.badData, "invalid parameter \"type\": not supported value \"\(type.prefix(80))\"")
    }
    names = Set(parameters.all("rule_name[]"))
    groups = Set(parameters.all("rule_group[]"))
    files = Set(parameters.all("file[]"))
    do throws(ParseError) {
      var selectors: [[LabelMatcher]] = []
      for text in parameters.all("match[]") { selectors.append(try engine.parseMatchers(text)) }
      self.selectors = selectors
    } catch {
      throw APIError(.badData, "\(error)")
    }
    switch parameters["exclude_alerts"] ?? "" {
    case "", "0", "f", "F", "false", "False", "FALSE": excludesAlerts = false
    case "1", "t", "T", "true", "True", "TRUE": excludesAlerts = true
    case let text:
      throw APIError(
        .badData,
        "invalid parameter \"exclude_alerts\": error converting exclude_alerts: strconv.ParseBool: parsing "
          + "\(Labels.quoted(text)): invalid syntax")
    }
    token = parameters["group_next_token"].flatMap { $0.isEmpty ? nil : $0 }
    guard let text = parameters["group_limit"], !text.isEmpty else {
      limit = nil
      if token != nil {
        throw APIError(
          .badData,
          "invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate over the groups"
        )
      }
      return
    }
    guard let number = Int(text) else {
      throw APIError(
        .badData,
        "invalid parameter \"group_limit\": group_limit needs to be a valid number: strconv.ParseInt: parsing "
          + "\(Labels.quoted(text)): invalid syntax")
    }
    guard number > 0 else {
      throw APIError(.badData, "invalid parameter \"group_limit\": group_limit needs to be greater than 0")
    }
    limit = number
  }

  /// The groups to show with the rules to show, and the token for those after them.
  ///
  /// - Throws: ``APIError`` for a token of a group that is not there.
  func apply(_ all: [RuleGroupStatus]) throws -> (groups: [RuleGroupStatus], next: String?) {
    var rest = all[...]
    if let token {
      guard let start = all.firstIndex(where: { Self.token($0) == token }) else {
        throw APIError(
          .badData,
          "invalid parameter \"group_next_token\": invalid group_next_token '\(token.prefix(80))'. "
            + "were rule groups changed?")
      }
      rest = all[start...]
    }
    var shown: [RuleGroupStatus] = []
    for group in rest {
      guard groups.isEmpty || groups.contains(group.name), files.isEmpty || files.contains(group.file) else { continue }
      var part = group
      part.rules = group.rules.filter(shows)
      if part.rules.isEmpty, !group.rules.isEmpty { continue }
      if let limit, shown.count == limit { return (shown, Self.token(group)) }
      shown.append(part)
    }
    return (shown, nil)
  }

  private func shows(_ status: RuleStatus) -> Bool {
    let rule = status.rule
    if type == "alert", !rule.isAlerting { return false }
    if type == "record", rule.isAlerting { return false }
    guard names.isEmpty || names.contains(rule.name) else { return false }
    if selectors.isEmpty { return true }
    let labels = Labels(rule.labels)
    return selectors.contains { matchers in matchers.allSatisfy { $0.accepts(labels) } }
  }

  private static func token(_ group: RuleGroupStatus) -> String {
    let hash = StableHash.hash(group.name, seed: StableHash.hash(group.file, seed: 0))
    return String(hash, radix: 16)
  }
}
