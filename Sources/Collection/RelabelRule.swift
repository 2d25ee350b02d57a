import TimeSeries

/// One entry of `relabel_configs` or `metric_relabel_configs`.
public struct RelabelRule: Sendable, Equatable {
  /// What a rule does.
  public enum Action: String, Sendable, CaseIterable {
    case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase
  }

  public let action: Action
  public let sourceLabels: [String]
  public let separator: String
  public let regex: RegularExpression
  public let modulus: UInt64
  public let targetLabel: String
  public let replacement: String
  private let replacesAll: Bool

  /// Makes a rule with Prometheus's defaults. It does not check that the fields fit the action.
  ///
  /// - Throws: `RegularExpressionError`.
  public init(
    action: Action = .replace, sourceLabels: [String] = [], separator: String = ";", regex: String = "(.*)",
    modulus: UInt64 = 0, targetLabel: String = "", replacement: String = "$1"
  ) throws {
    self.action = action
    self.sourceLabels = sourceLabels
    self.separator = separator
    self.regex = try RegularExpression(anchored: regex)
    self.modulus = modulus
    self.targetLabel = targetLabel
    self.replacement = replacement
    replacesAll = regex == "(.*)" && !targetLabel.utf8.contains(UInt8(ascii: "$"))
  }

  public static func == (left: RelabelRule, right: RelabelRule) -> Bool {
    left.action == right.action && left.sourceLabels == right.sourceLabels && left.separator == right.separator
      && left.regex.pattern == right.regex.pattern && left.modulus == right.modulus
      && left.targetLabel == right.targetLabel && left.replacement == right.replacement
  }

  /// Applies `rules` one after the other; nil if one of them drops the whole label set.
  public static func apply(_ rules: [RelabelRule], to labels: Labels) -> Labels? {
    if rules.isEmpty { return labels }
    var draft = LabelDraft(labels)
    for rule in rules where !rule.apply(to: &draft) { return nil }
    return draft.isChanged ? Labels(draft.labels) : labels
  }

  private func apply(to draft: inout LabelDraft) -> Bool {
    switch action {
    case .keep: return regex.matchesWhole(source(draft))
    case .drop: return !regex.matchesWhole(source(draft))
    case .keepequal: return draft[targetLabel] == source(draft)
    case .dropequal: return draft[targetLabel] != source(draft)
    case .replace: replace(in: &draft)
    case .hashmod:
      guard modulus > 0 else { return true }
      let hash = MD5.digest(source(draft).utf8).suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      draft[targetLabel] = String(hash % modulus)
    case .lowercase: draft[targetLabel] = source(draft).lowercased()
    case .uppercase: draft[targetLabel] = source(draft).uppercased()
    case .labelmap:
      for label in draft.labels {
        if let name = regex.expand(replacement, matching: label.name), !name.isEmpty { draft[name] = label.value }
      }
    case .labeldrop: draft.removeAll { regex.matchesWhole($0) }
    case .labelkeep: draft.removeAll { !regex.matchesWhole($0) }
    }
    return true
  }

  private func replace(in draft: inout LabelDraft) {
    let value = source(draft)
    if replacesAll {
      if replacement == "$1" {
        draft[targetLabel] = value
        return
      }
      if !replacement.utf8.contains(UInt8(ascii: "$")) {
        draft[targetLabel] = replacement
        return
      }
    }
    guard let target = regex.expand(targetLabel, matching: value), !target.isEmpty,
      let result = regex.expand(replacement, matching: value)
    else { return }
    draft[target] = result
  }

  private func source(_ draft: LabelDraft) -> String {
    if sourceLabels.count == 1 { return draft[sourceLabels[0]] }
    return sourceLabels.map { draft[$0] }.joined(separator: separator)
  }
}

/// A label set under change; an absent label reads as empty, and setting a label to empty removes it.
struct LabelDraft {
  private(set) var labels: [Label]
  private(set) var isChanged = false

  init(_ labels: Labels) { self.labels = labels.elements }

  subscript(name: String) -> String {
    get { labels.first { $0.name == name }?.value ?? "" }
    set {
      isChanged = true
      if let index = labels.firstIndex(where: { $0.name == name }) {
        if newValue.isEmpty { labels.remove(at: index) } else { labels[index].value = newValue }
      } else if !newValue.isEmpty {
        labels.append(Label(name, newValue))
      }
    }
  }

  mutating func removeAll(where isSuperfluous: (String) -> Bool) {
    let count = labels.count
    labels.removeAll { isSuperfluous($0.name) }
    if labels.count != count { isChanged = true }
  }
}
