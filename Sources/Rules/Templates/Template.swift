/// A template as parsed: its statements and those it defines.
struct TemplateSource: Sendable {
  var name: String
  var text: String
  var definitions: [String: [TemplateNode]]
}

/// What a template can ask of the world.
public struct TemplateEnvironment: Sendable {
  /// How deeply templates may call one another.
  static let maximumDepth = 100
  /// The longest text that a template, or a function in it, may produce, in bytes.
  static let maximumOutput = 64 << 10
  /// How many operands, functions and statements an expansion may evaluate.
  static let maximumSteps = 200_000

  /// The time of the evaluation, in UTC milliseconds.
  public var time: Int64
  /// The address under which users reach this server.
  public var externalURL: String
  /// Evaluates a PromQL expression at `time`.
  public var query: @Sendable (String) throws -> [TemplateSample]

  public init(
    time: Int64, externalURL: String = "", query: @escaping @Sendable (String) throws -> [TemplateSample] = { _ in [] }
  ) {
    self.time = time
    self.externalURL = externalURL
    self.query = query
  }
}

/// A template for a label or an annotation of an alert: Go's `text/template` with the functions of Prometheus.
///
/// `$labels`, `$value`, `$externalLabels` and `$externalURL` are defined, and the same as fields of the dot. A label
/// that is missing is empty. Work, depth and output of an expansion are bounded.
public struct Template: Sendable {
  /// What stands before every template of an alert.
  private static let prelude =
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
  private let source: TemplateSource

  /// Parses the text of a label or an annotation of the alert `alertName`.
  ///
  /// - Complexity: O(`text`).
  /// - Throws: ``TemplateError`` with Go's message.
  public init(_ text: String, alertName: String) throws(TemplateError) {
    let whole = Self.prelude + text
    let name = "__alert_" + alertName
    source = TemplateSource(name: name, text: whole, definitions: try TemplateParser.parse(whole, name: name))
  }

  /// The text for one alert.
  ///
  /// - Throws: ``TemplateError`` with Go's message.
  public func expand(_ data: TemplateData, _ environment: TemplateEnvironment) throws(TemplateError) -> String {
    do {
      return try TemplateEvaluator.run(source, root: .root(data), environment: environment)
    } catch {
      throw TemplateError("error executing template \(source.name): \(error.description)")
    }
  }

  /// The text for one alert, or the error in the form that Prometheus shows to users.
  public func text(_ data: TemplateData, _ environment: TemplateEnvironment) -> String {
    do {
      return try expand(data, environment)
    } catch {
      return "<error expanding template: \(error.description)>"
    }
  }
}
