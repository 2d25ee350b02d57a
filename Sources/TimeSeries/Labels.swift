/// One label: a name and a value, both UTF-8.
public struct Label: Hashable, Comparable, Sendable {
  public var name: String
  public var value: String

  @inlinable
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Orders by name, then by value, bytewise as Prometheus does.
  public static func < (left: Label, right: Label) -> Bool {
    left.name == right.name ? left.value < right.value : left.name < right.name
  }
}

/// The identity of a series: labels sorted by name, without empty values, the metric name among
/// them as `__name__`.
///
/// A fingerprint computed once at creation tells different label sets apart at once.
public struct Labels: Hashable, Sendable {
  /// The name of the label that holds the metric name.
  public static let metricNameLabel = "__name__"

  /// The empty label set.
  public static let empty = Labels()

  /// The labels, sorted by name, each name once, no empty value.
  public let elements: [Label]

  /// A hash of all names and values, equal for equal label sets in every process.
  public let fingerprint: UInt64

  /// The empty label set.
  public init() { self.init(sortedUnique: []) }

  /// Makes a label set from labels in any order. An empty value removes the label; of two labels
  /// with one name the later wins.
  ///
  /// - Complexity: O(*n* log *n*).
  public init(_ labels: some Sequence<Label>) {
    var sorted: [Label] = []
    for label in labels {
      if let index = sorted.firstIndex(where: { $0.name == label.name }) {
        sorted[index].value = label.value
      } else {
        sorted.append(label)
      }
    }
    sorted.removeAll { $0.value.isEmpty }
    sorted.sort { $0.name < $1.name }
    self.init(sortedUnique: sorted)
  }

  /// Makes a label set from pairs, for literals in code and tests.
  public init(_ pairs: KeyValuePairs<String, String>) {
    self.init(pairs.map { Label($0.key, $0.value) })
  }

  /// Makes a label set from a metric name and further labels.
  public init(name: String, _ pairs: KeyValuePairs<String, String> = [:]) {
    self.init([Label(Labels.metricNameLabel, name)] + pairs.map { Label($0.key, $0.value) })
  }

  /// Makes a label set from labels that are already sorted by name, unique and non-empty in value.
  /// The caller vouches for the order.
  ///
  /// - Complexity: O(total bytes), for the fingerprint.
  public init(sortedUnique elements: [Label]) {
    self.elements = elements
    var hash: UInt64 = 0
    for label in elements {
      hash = StableHash.hash(label.name, seed: hash)
      hash = StableHash.hash(label.value, seed: hash)
    }
    fingerprint = hash
  }

  public static func == (left: Labels, right: Labels) -> Bool {
    left.fingerprint == right.fingerprint && left.elements == right.elements
  }

  /// Hashes the labels themselves, with the process's random seed: the fingerprint's seed is public, so whoever writes
  /// labels could make fingerprints collide.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(elements)
  }

  /// The number of labels, the metric name included.
  public var count: Int { elements.count }

  /// Whether there is no label at all.
  public var isEmpty: Bool { elements.isEmpty }

  /// The metric name, or the empty string.
  public var metricName: String { self[Labels.metricNameLabel] ?? "" }

  /// The value of the label `name`, or nil. A label that is absent counts as empty in PromQL.
  ///
  /// - Complexity: O(*n*); label sets are short.
  public subscript(name: String) -> String? {
    for label in elements where label.name == name { return label.value }
    return nil
  }

  /// This label set with `name` set to `value`, or without `name` if `value` is empty.
  public func setting(_ name: String, to value: String) -> Labels {
    var copy = elements
    if let index = copy.firstIndex(where: { $0.name == name }) {
      if value.isEmpty {
        copy.remove(at: index)
      } else {
        copy[index].value = value
      }
    } else if !value.isEmpty {
      let index = copy.firstIndex { $0.name > name } ?? copy.endIndex
      copy.insert(Label(name, value), at: index)
    }
    return Labels(sortedUnique: copy)
  }

  /// Only the labels whose names are in `names` (PromQL's `by`).
  public func keeping(_ names: Set<String>) -> Labels {
    Labels(sortedUnique: elements.filter { names.contains($0.name) })
  }

  /// All labels but those in `names`.
  public func removing(_ names: Set<String>) -> Labels {
    Labels(sortedUnique: elements.filter { !names.contains($0.name) })
  }

  /// All labels but the metric name.
  public var withoutMetricName: Labels {
    guard self[Labels.metricNameLabel] != nil else { return self }
    return Labels(sortedUnique: elements.filter { $0.name != Labels.metricNameLabel })
  }
}

extension Labels: Comparable {
  /// Orders label by label, name before value; a prefix sorts first (as Prometheus's
  /// `labels.Compare`).
  public static func < (left: Labels, right: Labels) -> Bool {
    for (a, b) in zip(left.elements, right.elements) where a != b {
      return a < b
    }
    return left.count < right.count
  }
}

extension Labels: CustomStringConvertible {
  /// The label set in Prometheus's notation, for instance `up{instance="a:1"}`; names outside
  /// the classic character set are quoted.
  public var description: String {
    let name = metricName
    let classicName = Labels.isClassicMetricName(name)
    var parts: [String] = []
    if !name.isEmpty && !classicName { parts.append(Labels.quoted(name)) }
    for label in elements where label.name != Labels.metricNameLabel {
      let key = Labels.isClassicLabelName(label.name) ? label.name : Labels.quoted(label.name)
      parts.append("\(key)=\(Labels.quoted(label.value))")
    }
    let head = classicName ? name : ""
    if parts.isEmpty && !head.isEmpty { return head }
    return head + "{" + parts.joined(separator: ", ") + "}"
  }

  /// Whether `name` matches `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  public static func isClassicMetricName(_ name: String) -> Bool {
    isClassicName(name, colonAllowed: true)
  }

  /// Whether `name` matches `[a-zA-Z_][a-zA-Z0-9_]*`.
  public static func isClassicLabelName(_ name: String) -> Bool {
    isClassicName(name, colonAllowed: false)
  }

  private static func isClassicName(_ name: String, colonAllowed: Bool) -> Bool {
    var first = true
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        break
      case UInt8(ascii: ":"):
        if !colonAllowed { return false }
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if first { return false }
      default:
        return false
      }
      first = false
    }
    return !first
  }
}
