import TimeSeries

/// One element of the result of a template's `query`.
public struct TemplateSample: Sendable {
  /// All labels, the metric name included.
  public var labels: [String: String]
  public var value: Double

  public init(labels: Labels, value: Double) {
    self.labels = [:]
    for label in labels.elements { self.labels[label.name] = label.value }
    self.value = value
  }

  init(labels: [String: String], value: Double) {
    self.labels = labels
    self.value = value
  }
}

/// A value inside a template.
enum TemplateValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case stringMap([String: String])
  case map([String: TemplateValue])
  case list([TemplateValue])
  case sample(TemplateSample)
  case vector([TemplateSample])
  case time(TemplateTime)
  /// Nanoseconds.
  case duration(Int64)
  case root(TemplateData)

  /// The type as Go names it in messages.
  var typeName: String {
    switch self {
    case .none: "nil"
    case .bool: "bool"
    case .int: "int"
    case .float: "float64"
    case .string: "string"
    case .stringMap: "map[string]string"
    case .map: "map[string]interface {}"
    case .list: "[]interface {}"
    case .sample: "*template.sample"
    case .vector: "template.queryResult"
    case .time: "*time.Time"
    case .duration: "time.Duration"
    case .root:
      "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }"
    }
  }

  /// Whether `if` takes the value for true: not zero, not empty.
  var isTrue: Bool {
    switch self {
    case .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let value): !value.isEmpty
    case .stringMap(let value): !value.isEmpty
    case .map(let value): !value.isEmpty
    case .list(let value): !value.isEmpty
    case .vector(let value): !value.isEmpty
    case .duration(let value): value != 0
    case .sample, .time, .root: true
    }
  }

  /// The text that `{{ . }}` gives.
  var text: String {
    switch self {
    case .none: "<no value>"
    default: GoFormat.text(self)
    }
  }

  var isString: Bool { if case .string = self { true } else { false } }
}

/// What a template of an alert can see.
public struct TemplateData: Sendable {
  public var labels: [String: String]
  public var externalLabels: [String: String]
  public var externalURL: String
  public var value: Double

  public init(
    labels: [String: String], value: Double, externalLabels: [String: String] = [:], externalURL: String = ""
  ) {
    self.labels = labels
    self.value = value
    self.externalLabels = externalLabels
    self.externalURL = externalURL
  }
}
