import TimeSeries

extension TemplateFunctions {
  /// The functions that Go's templates have by themselves.
  static let goFunctions: [String: TemplateFunction] = [
    "and": TemplateFunction(.any, .any, variadic: true) { _, arguments in arguments.last ?? .none },
    "or": TemplateFunction(.any, .any, variadic: true) { _, arguments in
      arguments.first(where: \.isTrue) ?? arguments.last ?? .none
    },
    "not": TemplateFunction(.any) { _, arguments in .bool(!arguments[0].isTrue) },
    "len": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      guard let count = arguments[0].length else {
        throw TemplateComplaint("len of type \(arguments[0].typeName)")
      }
      return .int(count)
    },
    "index": TemplateFunction(.any, .any, variadic: true) { _, arguments throws(TemplateComplaint) in
      var value = arguments[0]
      for key in arguments.dropFirst() { value = try element(of: value, at: key) }
      return value
    },
    "slice": TemplateFunction(.any, .any, variadic: true) { _, arguments throws(TemplateComplaint) in
      try slice(arguments[0], Array(arguments.dropFirst()))
    },
    "print": TemplateFunction(.any, variadic: true) { _, arguments throws(TemplateComplaint) in
      var text = ""
      for (index, argument) in arguments.enumerated() {
        // Spaces only stand between operands of which neither is a string.
        if index > 0, !argument.isString, !arguments[index - 1].isString { text += " " }
        text += GoFormat.text(argument)
      }
      return .string(try bounded(text))
    },
    "println": TemplateFunction(.any, variadic: true) { _, arguments throws(TemplateComplaint) in
      .string(try bounded(arguments.map(GoFormat.text).joined(separator: " ") + "\n"))
    },
    "printf": TemplateFunction(.string, .any, variadic: true) { _, arguments throws(TemplateComplaint) in
      .string(try bounded(GoPrintf.format(string(arguments[0]), Array(arguments.dropFirst()))))
    },
    "html": TemplateFunction(.any, variadic: true) { _, arguments throws(TemplateComplaint) in
      .string(try bounded(escaped(joined(arguments), htmlEscapes)))
    },
    "js": TemplateFunction(.any, variadic: true) { _, arguments throws(TemplateComplaint) in
      .string(try bounded(escaped(joined(arguments), scriptEscapes)))
    },
    "urlquery": TemplateFunction(.any, variadic: true) { _, arguments throws(TemplateComplaint) in
      .string(try bounded(TemplateText.queryEscaped(joined(arguments))))
    },
    "call": TemplateFunction(.any, .any, variadic: true) { _, arguments throws(TemplateComplaint) in
      throw TemplateComplaint("non-function \(GoFormat.text(arguments[0])) of type \(arguments[0].typeName)")
    },
    "eq": TemplateFunction(.any, .any, variadic: true) { _, arguments throws(TemplateComplaint) in
      guard arguments.count > 1 else { throw TemplateComplaint("missing argument for comparison") }
      for other in arguments.dropFirst() where try isEqual(arguments[0], other) { return .bool(true) }
      return .bool(false)
    },
    "ne": TemplateFunction(.any, .any) { _, arguments throws(TemplateComplaint) in
      .bool(!(try isEqual(arguments[0], arguments[1])))
    },
    "lt": TemplateFunction(.any, .any) { _, arguments throws(TemplateComplaint) in
      .bool(try isLess(arguments[0], arguments[1]))
    },
    "le": TemplateFunction(.any, .any) { _, arguments throws(TemplateComplaint) in
      .bool(try isAtMost(arguments[0], arguments[1]))
    },
    // Go defines these as the opposites, which tells for NaN.
    "gt": TemplateFunction(.any, .any) { _, arguments throws(TemplateComplaint) in
      .bool(!(try isAtMost(arguments[0], arguments[1])))
    },
    "ge": TemplateFunction(.any, .any) { _, arguments throws(TemplateComplaint) in
      .bool(!(try isLess(arguments[0], arguments[1])))
    },
  ]

  private static func bounded(_ text: String) throws(TemplateComplaint) -> String {
    guard text.utf8.count <= TemplateEnvironment.maximumOutput else {
      throw TemplateComplaint("text exceeds \(TemplateEnvironment.maximumOutput) bytes")
    }
    return text
  }

  private static func joined(_ arguments: [TemplateValue]) -> String {
    arguments.map(GoFormat.text).joined()
  }

  // MARK: Elements

  private static func element(of value: TemplateValue, at key: TemplateValue) throws(TemplateComplaint) -> TemplateValue
  {
    switch value {
    case .stringMap(let map):
      guard case .string(let name) = key else {
        throw TemplateComplaint("value has type \(key.typeName); should be string")
      }
      return .string(map[name] ?? "")
    case .map(let map):
      guard case .string(let name) = key else {
        throw TemplateComplaint("value has type \(key.typeName); should be string")
      }
      return map[name] ?? .none
    case .string, .list, .vector:
      guard case .int(let index) = key else {
        throw TemplateComplaint("cannot index slice/array with type \(key.typeName)")
      }
      guard index >= 0, index < value.length ?? 0 else { throw TemplateComplaint("index out of range: \(index)") }
      switch value {
      case .string(let text): return .int(Int(text.utf8[text.utf8.index(text.startIndex, offsetBy: index)]))
      case .list(let list): return list[index]
      case .vector(let samples): return .sample(samples[index])
      default: return .none
      }
    case .none: throw TemplateComplaint("index of untyped nil")
    default: throw TemplateComplaint("can't index item of type \(value.typeName)")
    }
  }

  private static func slice(_ value: TemplateValue, _ keys: [TemplateValue]) throws(TemplateComplaint) -> TemplateValue
  {
    guard keys.count <= 2 else { throw TemplateComplaint("too many slice indexes: \(keys.count)") }
    guard let length = value.length, value.isSliceable else {
      throw TemplateComplaint("can't slice item of type \(value.typeName)")
    }
    var bounds = [0, length]
    for (position, key) in keys.enumerated() {
      guard case .int(let index) = key else {
        throw TemplateComplaint("cannot index slice/array with type \(key.typeName)")
      }
      guard index >= 0, index <= length else { throw TemplateComplaint("index out of range: \(index)") }
      bounds[position] = index
    }
    guard bounds[0] <= bounds[1] else {
      throw TemplateComplaint("invalid slice index: \(bounds[0]) > \(bounds[1])")
    }
    switch value {
    case .string(let text): return .string(String(decoding: Array(text.utf8)[bounds[0]..<bounds[1]], as: UTF8.self))
    case .list(let list): return .list(Array(list[bounds[0]..<bounds[1]]))
    case .vector(let samples): return .vector(Array(samples[bounds[0]..<bounds[1]]))
    default: return value
    }
  }

  // MARK: Comparison

  private static func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateComplaint) -> Bool {
    switch (left, right) {
    case (.bool(let left), .bool(let right)): return left == right
    case (.int(let left), .int(let right)): return left == right
    case (.duration(let left), .duration(let right)): return left == right
    case (.float(let left), .float(let right)): return left == right
    case (.string(let left), .string(let right)): return left == right
    case (.none, .none): return true
    case (.none, _), (_, .none): return false
    default: break
    }
    guard left.isBasic, right.isBasic else {
      throw TemplateComplaint("non-comparable type \(left.isBasic ? right.typeName : left.typeName)")
    }
    throw TemplateComplaint("incompatible types for comparison: \(left.typeName) and \(right.typeName)")
  }

  private static func isLess(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateComplaint) -> Bool {
    switch (left, right) {
    case (.int(let left), .int(let right)): return left < right
    case (.duration(let left), .duration(let right)): return left < right
    case (.float(let left), .float(let right)): return left < right
    case (.string(let left), .string(let right)): return left < right
    case (.bool, .bool): throw TemplateComplaint("invalid type for comparison")
    default: break
    }
    guard left.isBasic, right.isBasic else { throw TemplateComplaint("invalid type for comparison") }
    throw TemplateComplaint("incompatible types for comparison: \(left.typeName) and \(right.typeName)")
  }

  private static func isAtMost(_ left: TemplateValue, _ right: TemplateValue) throws(TemplateComplaint) -> Bool {
    if try isLess(left, right) { return true }
    return try isEqual(left, right)
  }

  // MARK: Escapes

  private static let htmlEscapes: [Unicode.Scalar: String] = [
    "\0": "\u{fffd}", "\"": "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;",
  ]
  private static let scriptEscapes: [Unicode.Scalar: String] = [
    "\\": "\\\\", "'": "\\'", "\"": "\\\"", "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
    "\n": "\\u000A", "\r": "\\u000D", "\t": "\\u0009",
  ]

  private static func escaped(_ text: String, _ escapes: [Unicode.Scalar: String]) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if let escape = escapes[scalar] { result += escape } else { result.unicodeScalars.append(scalar) }
    }
    return result
  }
}

extension TemplateValue {
  /// The number of elements, or nil if the value has none to count.
  fileprivate var length: Int? {
    switch self {
    case .string(let text): text.utf8.count
    case .stringMap(let map): map.count
    case .map(let map): map.count
    case .list(let list): list.count
    case .vector(let samples): samples.count
    default: nil
    }
  }

  fileprivate var isSliceable: Bool {
    switch self {
    case .string, .list, .vector: true
    default: false
    }
  }

  /// Whether the value is of a type that Go's templates can compare.
  fileprivate var isBasic: Bool {
    switch self {
    case .bool, .int, .float, .string, .duration: true
    default: false
    }
  }
}
