/// The binary operators of the language.
public enum BinaryOperator: String, Sendable, Hashable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case modulo = "%"
  case power = "^"
  case atan2
  case equal = "=="
  case notEqual = "!="
  case lessOrEqual = "<="
  case less = "<"
  case greaterOrEqual = ">="
  case greater = ">"
  /// Removes the observations of a native histogram above a number.
  case trimUpper = "</"
  /// Removes the observations of a native histogram below a number.
  case trimLower = ">/"
  case and
  case or
  case unless

  /// Whether the operator compares values.
  public var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater: true
    default: false
    }
  }

  /// Whether the operator cuts native histograms.
  var isTrim: Bool { self == .trimUpper || self == .trimLower }

  /// Whether a result measures something else than its operands, so that their names do not fit it.
  var changesMeaning: Bool { !isComparison && !isTrim }

  /// Whether the operator combines vectors as sets.
  public var isSetOperator: Bool {
    switch self {
    case .and, .or, .unless: true
    default: false
    }
  }

  /// How tightly the operator binds; higher binds tighter.
  var precedence: Int {
    switch self {
    case .or: 1
    case .and, .unless: 2
    case .equal, .notEqual, .lessOrEqual, .less, .greaterOrEqual, .greater, .trimUpper, .trimLower: 3
    case .add, .subtract: 4
    case .multiply, .divide, .modulo, .atan2: 5
    case .power: 6
    }
  }

  /// Whether the operator is a word rather than a sign, which messages name differently.
  static let words: [String: BinaryOperator] = ["and": .and, "or": .or, "unless": .unless, "atan2": .atan2]
}

/// The aggregations of the language.
public enum AggregationOperator: String, Sendable, Hashable, CaseIterable {
  case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile
  case countValues = "count_values"
  case limitk
  case limitRatio = "limit_ratio"

  /// Whether the aggregation takes a parameter before the vector.
  public var hasParameter: Bool {
    switch self {
    case .topk, .bottomk, .quantile, .countValues, .limitk, .limitRatio: true
    default: false
    }
  }

  /// Whether the aggregation must be enabled in ``QueryOptions``.
  public var isExperimental: Bool { self == .limitk || self == .limitRatio }
}

/// The types of values that expressions have.
public enum ValueType: String, Sendable, Hashable {
  case none
  case vector
  case scalar
  case matrix
  case string

  /// The name that the documentation, and so error messages, use.
  var documentedName: String {
    switch self {
    case .vector: "instant vector"
    case .matrix: "range vector"
    default: rawValue
    }
  }
}
