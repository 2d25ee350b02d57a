import Exposition
import HTTPTypes
import Hummingbird
import PromQL
import SeriesStore
import TimeSeries

/// Prometheus's query API over the store: what Grafana's Prometheus data source asks.
struct QueryAPI: Sendable {
  let engine: QueryEngine
  let store: SeriesStore
  let time: any TimeSource
  /// How many queries may run at once; further ones wait their turn.
  let gate: QueryGate
  private let registry: MetricRegistry
  private let executor = QueryExecutor()

  init(
    engine: QueryEngine, store: SeriesStore, time: any TimeSource, gate: QueryGate, registry: MetricRegistry
  ) {
    self.engine = engine
    self.store = store
    self.time = time
    self.gate = gate
    self.registry = registry
  }

  /// Adds the routes under `/api/v1`.
  func addRoutes(to router: Router<BasicRequestContext>) {
    for method in [HTTPRequest.Method.get, .post] {
      router.on("/api/v1/query", method: method) { request, _ in try await answer(request, instant) }
      router.on("/api/v1/query_range", method: method) { request, _ in try await answer(request, range) }
      router.on("/api/v1/series", method: method) { request, _ in try await answer(request, series) }
      router.on("/api/v1/labels", method: method) { request, _ in try await answer(request, labelNames) }
      router.on("/api/v1/query_exemplars", method: method) { request, _ in try await answer(request, exemplars) }
      router.on("/api/v1/format_query", method: method) { request, _ in try await answer(request, formatQuery) }
      router.on("/api/v1/parse_query", method: method) { request, _ in try await answer(request, parseQuery) }
    }
    router.get("/api/v1/label/:name/values") { request, context in
      let name = try context.parameters.require("name")
      return try await answer(request) { try labelValues(UTF8Name.decode(String(name)), $0, &$1) }
    }
    router.get("/api/v1/metadata") { request, _ in try await answer(request, metadata) }
  }

  private typealias Handler = @Sendable (RequestParameters, inout JSONWriter) throws -> Void

  private func answer(_ request: Request, _ handle: Handler) async throws -> Response {
    do {
      let parameters = try await RequestParameters.read(request)
      // What is wrong with the parameters is said in the order in which they are read.
      try await gate.enter(within: ((try? engine(for: parameters)) ?? engine).options.timeout)
      defer { gate.leave() }
      return try await withTaskExecutorPreference(executor) { .json(try await success(parameters, handle)) }
    } catch let error as APIError {
      return refuse(error)
    } catch let error as ParseError {
      return refuse(APIError(.badData, "invalid parameter \"query\": \(error)"))
    } catch let error as QueryError {
      return refuse(APIError(error.kind, "\(error)"), reason: error == .tooManySamples ? "too_many_samples" : nil)
    } catch let error as RegularExpressionError {
      return refuse(APIError(.badData, "\(error)"))
    } catch let error as StoreError {
      return refuse(APIError(.internal, "\(error)"))
    }
  }

  private func refuse(_ error: APIError, reason: String? = nil) -> Response {
    registry.counter(
      "harecast_query_failures_total", help: "Requests to the query API that got an error, by reason.",
      labels: ["reason": reason ?? error.kind.rawValue]
    ).increment()
    return error.response
  }

  private func success(_ parameters: RequestParameters, _ handle: Handler) async throws -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("status")
    json.string("success")
    try handle(parameters, &json)
    json.endObject()
    return json.bytes
  }

  /// The engine with the request's own `timeout`, if it is shorter, and its own `lookback_delta`.
  private func engine(for parameters: RequestParameters) throws -> QueryEngine {
    var options = engine.options
    if let timeout = try parameters.duration("timeout"), timeout > 0 {
      options.timeout = options.timeout > 0 ? min(options.timeout, timeout) : timeout
    }
    let lookback = try parameters.duration("lookback_delta", error: "error parsing lookback delta duration: ")
    if let lookback, lookback > 0 { options.lookback = lookback }
    return QueryEngine(options: options)
  }

  private func instant(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let limit = try parameters.limit()
    let time = try parameters.optionalTime("time") ?? time.now()
    let engine = try engine(for: parameters)
    let result = try engine.instant(try engine.parse(parameters["query"] ?? ""), at: time, source: store)
    write(result.limited(to: limit), to: &json)
  }

  private func range(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let limit = try parameters.limit()
    guard let start = try parameters.time("start") else {
      throw APIError(.badData, "invalid parameter \"start\": cannot parse \"\" to a valid timestamp")
    }
    guard let end = try parameters.time("end") else {
      throw APIError(.badData, "invalid parameter \"end\": cannot parse \"\" to a valid timestamp")
    }
    if end < start {
      throw APIError(.badData, "invalid parameter \"end\": end timestamp must not be before start time")
    }
    guard let step = try parameters.duration("step") else {
      throw APIError(.badData, "invalid parameter \"step\": cannot parse \"\" to a valid duration")
    }
    if step <= 0 {
      throw APIError(
        .badData,
        "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. "
          + "Try a positive integer")
    }
    let engine = try engine(for: parameters)
    let expression = try engine.parse(parameters["query"] ?? "")
    if expression.type == .matrix || expression.type == .string {
      let type = expression.type == .matrix ? "range vector" : "string"
      throw APIError(
        .badData,
        "invalid parameter \"query\": invalid expression type \"\(type)\" for range query, "
          + "must be Scalar or instant Vector")
    }
    let result = try engine.range(expression, from: start, through: end, step: step, source: store)
    write(result.limited(to: limit), to: &json)
  }

  private func formatQuery(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let expression = try engine.parse(parameters["query"] ?? "")
    json.key("data")
    json.string(expression.formatted)
  }

  private func parseQuery(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let expression = try engine.parse(parameters["query"] ?? "")
    json.key("data")
    json.syntaxTree(expression)
  }

  private func series(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    if parameters.all("match[]").isEmpty { throw APIError(.badData, "no match[] parameter provided") }
    let limit = try parameters.limit()
    let (start, end) = try interval(parameters)
    let selectors = try selectors(parameters, prefix: "invalid parameter \"match[]\": ")
    let found = Set(selectors.flatMap { store.series($0, from: start, through: end) })
    json.key("data")
    json.beginArray()
    for labels in found.sorted().prefix(limit ?? .max) { json.labels(labels) }
    json.endArray()
    if let limit, found.count > limit { warnOfLimit(&json) }
  }

  private func labelNames(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let limit = try parameters.limit()
    let (start, end) = try interval(parameters)
    let names = try union(parameters) { store.labelNames($0, from: start, through: end) }
    write(strings: names, limit: limit, to: &json)
  }

  private func labelValues(_ name: String, _ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let limit = try parameters.limit()
    let (start, end) = try interval(parameters)
    let values = try union(parameters) { store.labelValues(name, $0, from: start, through: end) }
    write(strings: values, limit: limit, to: &json)
  }

  private func exemplars(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let (start, end) = try interval(parameters)
    if end < start { throw APIError(.badData, "end timestamp must not be before start timestamp") }
    do throws(ParseError) {
      _ = try engine.parse(parameters["query"] ?? "")
    } catch {
      throw APIError(.badData, "\(error)")
    }
    write(strings: [], limit: nil, to: &json)
  }

  private func metadata(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let wanted = parameters["metric"].flatMap { $0.isEmpty ? nil : $0 }
    let limit = try parameters.number("limit", "limit must be a number") ?? -1
    // A metric has one description here, whatever the bound.
    _ = try parameters.number("limit_per_metric", "limit_per_metric must be a number")
    json.key("data")
    json.beginObject()
    let all = store.metadata().filter { wanted == nil || $0.key == wanted }.sorted { $0.key < $1.key }
    for (name, metadata) in all.prefix(limit >= 0 ? limit : .max) {
      json.key(name)
      json.beginArray()
      json.beginObject()
      json.key("type")
      json.string(metadata.type.rawValue)
      json.key("help")
      json.string(metadata.help)
      json.key("unit")
      json.string(metadata.unit)
      json.endObject()
      json.endArray()
    }
    json.endObject()
  }

  // MARK: Parameters

  /// - Parameter prefix: what an error begins with.
  private func selectors(_ parameters: RequestParameters, prefix: String = "") throws -> [[LabelMatcher]] {
    // What cannot be read at all is said before what accepts everything.
    var acceptsAll = false
    var selectors: [[LabelMatcher]] = []
    for text in parameters.all("match[]") {
      do throws(ParseError) {
        let matchers = try engine.parseMatchers(text)
        if matchers.allSatisfy(\.acceptsEmpty) { acceptsAll = true }
        selectors.append(matchers)
      } catch {
        guard error.message.hasSuffix("must contain at least one non-empty matcher") else {
          throw APIError(.badData, prefix + "\(error)")
        }
        acceptsAll = true
      }
    }
    if acceptsAll { throw APIError(.badData, prefix + "match[] must contain at least one non-empty matcher") }
    return selectors
  }

  private func interval(_ parameters: RequestParameters) throws -> (Int64, Int64) {
    (try parameters.optionalTime("start") ?? .min, try parameters.optionalTime("end") ?? .max)
  }

  private func union(_ parameters: RequestParameters, _ read: ([LabelMatcher]) -> [String]) throws -> [String] {
    let selectors = try selectors(parameters)
    if selectors.isEmpty { return read([]) }
    return Set(selectors.flatMap(read)).sorted()
  }

  // MARK: Answers

  private func write(strings: [String], limit: Int?, to json: inout JSONWriter) {
    json.key("data")
    json.beginArray()
    for string in strings.prefix(limit ?? .max) { json.string(string) }
    json.endArray()
    if let limit, strings.count > limit { warnOfLimit(&json) }
  }

  private func warnOfLimit(_ json: inout JSONWriter) {
    json.key("warnings")
    json.beginArray()
    json.string(QueryResult.limitWarning)
    json.endArray()
  }

  private func write(_ result: QueryResult, to json: inout JSONWriter) {
    json.key("data")
    json.beginObject()
    json.key("resultType")
    switch result.value {
    case .scalar(let sample):
      json.string("scalar")
      json.key("result")
      json.sample(sample.timestamp, sample.value)
    case .string(let text, let timestamp):
      json.string("string")
      json.key("result")
      json.beginArray()
      json.seconds(timestamp)
      json.string(text)
      json.endArray()
    case .vector(let elements):
      json.string("vector")
      json.key("result")
      json.beginArray()
      for element in elements {
        json.beginObject()
        json.key("metric")
        json.labels(element.labels)
        if let histogram = element.histogram {
          json.key("histogram")
          json.sample(element.timestamp, histogram)
        } else {
          json.key("value")
          json.sample(element.timestamp, element.value)
        }
        json.endObject()
      }
      json.endArray()
    case .matrix(let series):
      json.string("matrix")
      json.key("result")
      json.beginArray()
      for one in series {
        json.beginObject()
        json.key("metric")
        json.labels(one.labels)
        json.points(of: one)
        json.endObject()
      }
      json.endArray()
    }
    json.endObject()
    for (key, notes) in [("warnings", result.warnings), ("infos", result.infos)] where !notes.isEmpty {
      json.key(key)
      json.beginArray()
      // As Prometheus does: a thousand notes of one query help nobody.
      for note in notes.prefix(10) { json.string(note) }
      if notes.count > 10 { json.string("\(notes.count - 10) more \(key.dropLast()) annotations omitted") }
      json.endArray()
    }
  }
}

extension QueryResult {
  /// Prometheus's words for an answer that was cut short on request.
  static let limitWarning = "results truncated due to limit"

  /// The result with at most `limit` series.
  fileprivate func limited(to limit: Int?) -> QueryResult {
    guard let limit else { return self }
    var result = self
    switch value {
    case .vector(let elements) where elements.count > limit: result.value = .vector(Array(elements.prefix(limit)))
    case .matrix(let series) where series.count > limit: result.value = .matrix(Array(series.prefix(limit)))
    default: return self
    }
    result.warnings.append(Self.limitWarning)
    return result
  }
}

extension QueryError {
  /// How the API reports the error.
  fileprivate var kind: APIError.Kind {
    switch self {
    case .badRequest: .badData
    case .timeout: .timeout
    case .canceled: .canceled
    case .execution, .tooManySamples: .execution
    }
  }
}
