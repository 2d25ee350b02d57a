import TimeSeries

/// A function that templates can call.
struct TemplateFunction: Sendable {
  /// The type a parameter must have.
  enum Parameter: Sendable { case any, string, sample, vector }

  typealias Body = @Sendable (TemplateEnvironment, [TemplateValue]) throws(TemplateComplaint) -> TemplateValue

  var parameters: [Parameter]
  /// Whether the last parameter may be given any number of times.
  var isVariadic = false
  /// How many steps a call counts for.
  var cost = 1
  var body: Body

  var least: Int { isVariadic ? parameters.count - 1 : parameters.count }
  var most: Int { isVariadic ? .max : parameters.count }

  init(_ parameters: Parameter..., variadic: Bool = false, cost: Int = 1, body: @escaping Body) {
    self.parameters = parameters
    isVariadic = variadic
    self.cost = cost
    self.body = body
  }

  /// The name of the type that the parameter wants, if `value` has another one.
  func mismatch(_ value: TemplateValue, at index: Int) -> String? {
    guard let parameter = index < parameters.count ? parameters[index] : parameters.last else { return nil }
    switch (parameter, value) {
    case (.any, _), (.string, .string), (.sample, .sample), (.vector, .vector): return nil
    case (.string, _): return "string"
    case (.sample, _): return "*template.sample"
    case (.vector, _): return "template.queryResult"
    }
  }
}

/// The functions of templates: Go's own and those of Prometheus.
enum TemplateFunctions {
  static func exists(_ name: String) -> Bool { table[name] != nil }

  static let table: [String: TemplateFunction] = goFunctions.merging(prometheusFunctions) { first, _ in first }

  private static let prometheusFunctions: [String: TemplateFunction] = [
    "query": TemplateFunction(.string, cost: 2000) { environment, arguments throws(TemplateComplaint) in
      do {
        return .vector(try environment.query(string(arguments[0])))
      } catch {
        throw TemplateComplaint("\(error)")
      }
    },
    "first": TemplateFunction(.vector) { _, arguments throws(TemplateComplaint) in
      guard case .vector(let samples) = arguments[0], let first = samples.first else {
        throw TemplateComplaint("first() called on vector with no elements")
      }
      return .sample(first)
    },
    "label": TemplateFunction(.string, .sample) { _, arguments in
      .string(sample(arguments[1]).labels[string(arguments[0])] ?? "")
    },
    "value": TemplateFunction(.sample) { _, arguments in .float(sample(arguments[0]).value) },
    "strvalue": TemplateFunction(.sample) { _, arguments in .string(sample(arguments[0]).labels["__value__"] ?? "") },
    "sortByLabel": TemplateFunction(.string, .vector) { _, arguments in
      guard case .vector(let samples) = arguments[1] else { return arguments[1] }
      let name = string(arguments[0])
      let sorted = samples.enumerated().sorted {
        ($0.element.labels[name] ?? "", $0.offset) < ($1.element.labels[name] ?? "", $1.offset)
      }
      return .vector(sorted.map(\.element))
    },
    "humanize": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      .string(Humanize.decimal(try number(arguments[0])))
    },
    "humanize1024": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      .string(Humanize.binary(try number(arguments[0])))
    },
    "humanizeDuration": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      .string(Humanize.duration(seconds: try number(arguments[0])))
    },
    "humanizePercentage": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      .string(GoFormat.fourDigits(try number(arguments[0]) * 100) + "%")
    },
    "humanizeTimestamp": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      let seconds = try number(arguments[0])
      guard seconds.isFinite else { return .string(GoFormat.float(seconds)) }
      return .string(try time(seconds).description)
    },
    "toTime": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      let seconds = try number(arguments[0])
      guard seconds.isFinite else { throw TemplateComplaint("value is NaN or Inf") }
      return .time(try time(seconds))
    },
    "toDuration": TemplateFunction(.any) { _, arguments throws(TemplateComplaint) in
      let seconds = try number(arguments[0])
      guard let nanoseconds = Int64(exactly: (seconds * 1e9).rounded(.towardZero)) else {
        throw TemplateComplaint("\(GoFormat.float(seconds)) cannot be represented as a duration")
      }
      return .duration(nanoseconds)
    },
    "now": TemplateFunction { environment, _ in .float(Double(environment.time) / 1000) },
    "parseDuration": TemplateFunction(.string) { _, arguments throws(TemplateComplaint) in
      let text = string(arguments[0])
      guard let milliseconds = PrometheusDuration.parse(text) else {
        throw TemplateComplaint("not a valid duration string: \(Labels.quoted(text))")
      }
      return .float(Double(milliseconds) / 1000)
    },
    "title": TemplateFunction(.string) { _, arguments in .string(TemplateText.title(string(arguments[0]))) },
    "toUpper": TemplateFunction(.string) { _, arguments in .string(string(arguments[0]).uppercased()) },
    "toLower": TemplateFunction(.string) { _, arguments in .string(string(arguments[0]).lowercased()) },
    "stripPort": TemplateFunction(.string) { _, arguments in
      let text = string(arguments[0])
      return .string(TemplateText.hostAndPort(text)?.host ?? text)
    },
    "stripDomain": TemplateFunction(.string) { _, arguments in .string(TemplateText.stripDomain(string(arguments[0])))
    },
    "match": TemplateFunction(.string, .string) { _, arguments throws(TemplateComplaint) in
      .bool(try TemplateText.matches(string(arguments[1]), pattern: string(arguments[0])))
    },
    "reReplaceAll": TemplateFunction(.string, .string, .string, cost: 10) { _, arguments throws(TemplateComplaint) in
      .string(
        try TemplateText.replaceAll(
          in: string(arguments[2]), pattern: string(arguments[0]), by: string(arguments[1])))
    },
    "urlQueryEscape": TemplateFunction(.string) { _, arguments in
      .string(TemplateText.queryEscaped(string(arguments[0])))
    },
    "graphLink": TemplateFunction(.string) { _, arguments in
      .string("/graph?g0.expr=" + TemplateText.queryEscaped(string(arguments[0])) + "&g0.tab=0")
    },
    "tableLink": TemplateFunction(.string) { _, arguments in
      .string("/graph?g0.expr=" + TemplateText.queryEscaped(string(arguments[0])) + "&g0.tab=1")
    },
    "args": TemplateFunction(.any, variadic: true) { _, arguments in
      var map: [String: TemplateValue] = [:]
      for (index, argument) in arguments.enumerated() { map["arg\(index)"] = argument }
      return .map(map)
    },
    "safeHtml": TemplateFunction(.string) { _, arguments in arguments[0] },
    "externalURL": TemplateFunction { environment, _ in .string(environment.externalURL) },
    "pathPrefix": TemplateFunction { environment, _ in .string(TemplateText.path(ofURL: environment.externalURL)) },
  ]

  // MARK: Reading arguments

  static func string(_ value: TemplateValue) -> String {
    if case .string(let text) = value { text } else { value.text }
  }

  private static func sample(_ value: TemplateValue) -> TemplateSample {
    if case .sample(let sample) = value { sample } else { TemplateSample(labels: [:], value: .nan) }
  }

  /// A number, or a string that is one.
  private static func number(_ value: TemplateValue) throws(TemplateComplaint) -> Double {
    switch value {
    case .float(let value): return value
    case .int(let value): return Double(value)
    case .duration(let nanoseconds): return Double(nanoseconds) / 1e9
    case .string(let text):
      switch text.lowercased() {
      case "nan", "+nan", "-nan": return .nan
      case "inf", "+inf", "infinity", "+infinity": return .infinity
      case "-inf", "-infinity": return -.infinity
      default: break
      }
      guard let value = Double(text) else {
        throw TemplateComplaint("strconv.ParseFloat: parsing \(Labels.quoted(text)): invalid syntax")
      }
      return value
    default: throw TemplateComplaint("can't convert \(value.typeName) to float")
    }
  }

  /// A time from seconds since 1970, cut to milliseconds as Prometheus does.
  private static func time(_ seconds: Double) throws(TemplateComplaint) -> TemplateTime {
    guard let nanoseconds = Int64(exactly: (seconds * 1e9).rounded(.towardZero)) else {
      throw TemplateComplaint(
        "\(GoFormat.float(seconds)) cannot be represented as a nanoseconds timestamp since it overflows int64")
    }
    return TemplateTime(milliseconds: nanoseconds / 1_000_000)
  }
}

/// Numbers for people.
enum Humanize {
  /// With metric prefixes: `1.235M`, `12.34u`.
  static func decimal(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return GoFormat.fourDigits(value) }
    return scaled(value, up: ["k", "M", "G", "T", "P", "E", "Z", "Y"], by: 1000)
  }

  /// With binary prefixes: `976.6ki`.
  static func binary(_ value: Double) -> String {
    guard value.magnitude > 1, value.isFinite else { return GoFormat.fourDigits(value) }
    return scaled(value, up: ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"], by: 1024)
  }

  /// As `11d 13h 46m 40s`, and below a minute with four digits and a prefix.
  static func duration(seconds value: Double) -> String {
    guard value.isFinite else { return GoFormat.fourDigits(value) }
    if value == 0 { return "0s" }
    guard value.magnitude >= 1 else { return scaled(value, up: [], by: 1000) + "s" }
    guard let whole = Int64(exactly: value.magnitude.rounded(.towardZero)), whole >= 60 else {
      return GoFormat.fourDigits(value) + "s"
    }
    let sign = value < 0 ? "-" : ""
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60)
    if days > 0 { return "\(sign)\(days)d \(hours)h \(minutes)m \(whole % 60)s" }
    if hours > 0 { return "\(sign)\(hours)h \(minutes)m \(whole % 60)s" }
    return "\(sign)\(minutes)m \(whole % 60)s"
  }

  private static func scaled(_ value: Double, up prefixes: [String], by factor: Double) -> String {
    var value = value
    var prefix = ""
    if value.magnitude >= 1 {
      for next in prefixes where value.magnitude >= factor {
        value /= factor
        prefix = next
      }
    } else {
      for next in ["m", "u", "n", "p", "f", "a", "z", "y"] where value.magnitude < 1 {
        value *= factor
        prefix = next
      }
    }
    return GoFormat.fourDigits(value) + prefix
  }
}
