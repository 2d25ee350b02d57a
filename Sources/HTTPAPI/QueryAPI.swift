import Exposition
import HTTPTypes
import Hummingbird
import PromQL
import SeriesStore
import Synchronization
import TimeSeries

/// Prometheus's query API over the store: what Grafana's Prometheus data source asks.
struct QueryAPI: Sendable {
  let engine: QueryEngine
  let store: SeriesStore
  let time: any TimeSource
  /// How many queries may run at once; further ones are answered 503.
  let concurrency: QueryConcurrency
  private let registry: MetricRegistry
  private let executor = QueryExecutor()

  init(
    engine: QueryEngine, store: SeriesStore, time: any TimeSource, concurrency: QueryConcurrency,
    registry: MetricRegistry
  ) {
    self.engine = engine
    self.store = store
    self.time = time
    self.concurrency = concurrency
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
    }
    router.get("/api/v1/label/:name/values") { request, context in
      let name = try context.parameters.require("name")
      return try await answer(request) { try labelValues(String(name), $0, &$1) }
    }
    router.get("/api/v1/metadata") { request, _ in try await answer(request, metadata) }
  }

  private typealias Handler = @Sendable (RequestParameters, inout JSONWriter) throws -> Void

  private func answer(_ request: Request, _ handle: Handler) async throws -> Response {
    do {
      let parameters = try await RequestParameters.read(request)
      guard concurrency.enter() else {
        throw APIError(.unavailable, "too many queries at once: the limit is \(concurrency.limit)")
      }
      defer { concurrency.leave() }
      return try await withTaskExecutorPreference(executor) { .json(try await success(parameters, handle)) }
    } catch let error as APIError {
      return refuse(error)
    } catch let error as ParseError {
      return refuse(APIError(.badData, "invalid parameter \"query\": \(error)"))
    } catch let error as QueryError {
      return refuse(APIError(error.kind, "\(error)"), reason: error == .tooManySamples ? "too_many_samples" : nil)
    } catch let error as RegularExpressionError {
      return refuse(APIError(.badData, "\(error)"))
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

  /// The engine with the request's own `timeout`, if it is shorter.
  private func engine(for parameters: RequestParameters) throws -> QueryEngine {
    guard let timeout = try parameters.duration("timeout"), timeout > 0 else { return engine }
    var options = engine.options
    options.timeout = options.timeout > 0 ? min(options.timeout, timeout) : timeout
    return QueryEngine(options: options)
  }

  private func instant(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let expression = try engine.parse(parameters.required("query"))
    let result = try engine(for: parameters).instant(
      expression, at: parameters.time("time") ?? time.now(), source: store)
    write(result, to: &json)
  }

  private func range(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let expression = try engine.parse(parameters.required("query"))
    guard let start = try parameters.time("start") else {
      throw APIError(.badData, "invalid parameter \"start\": cannot parse \"\" to a valid timestamp")
    }
    guard let end = try parameters.time("end") else {
      throw APIError(.badData, "invalid parameter \"end\": cannot parse \"\" to a valid timestamp")
    }
    guard let step = try parameters.duration("step") else {
      throw APIError(.badData, "invalid parameter \"step\": cannot parse \"\" to a valid duration")
    }
    let result = try engine(for: parameters).range(expression, from: start, through: end, step: step, source: store)
    write(result, to: &json)
  }

  private func formatQuery(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let expression = try engine.parse(parameters.required("query"))
    json.key("data")
    json.string(expression.formatted)
  }

  private func series(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let selectors = try selectors(parameters)
    guard !selectors.isEmpty else { throw APIError(.badData, "no match[] parameter provided") }
    let (start, end) = try interval(parameters)
    let found = Set(selectors.flatMap { store.series($0, from: start, through: end) })
    json.key("data")
    json.beginArray()
    for labels in limited(found.sorted(), parameters) { json.labels(labels) }
    json.endArray()
  }

  private func labelNames(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let (start, end) = try interval(parameters)
    let names = try union(parameters) { store.labelNames($0, from: start, through: end) }
    write(strings: limited(names, parameters), to: &json)
  }

  private func labelValues(_ name: String, _ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let (start, end) = try interval(parameters)
    let values = try union(parameters) { store.labelValues(name, $0, from: start, through: end) }
    write(strings: limited(values, parameters), to: &json)
  }

  private func exemplars(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    _ = try engine.parse(parameters.required("query"))
    write(strings: [], to: &json)
  }

  private func metadata(_ parameters: RequestParameters, _ json: inout JSONWriter) throws {
    let wanted = parameters["metric"]
    json.key("data")
    json.beginObject()
    let all = store.metadata().filter { wanted == nil || $0.key == wanted }.sorted { $0.key < $1.key }
    for (name, metadata) in limited(all, parameters) {
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

  private func selectors(_ parameters: RequestParameters) throws -> [[LabelMatcher]] {
    try parameters.all("match[]").map { try engine.parseMatchers($0) }
  }

  private func interval(_ parameters: RequestParameters) throws -> (Int64, Int64) {
    let (start, end) = (try parameters.time("start") ?? .min, try parameters.time("end") ?? .max)
    if end < start {
      throw APIError(.badData, "invalid parameter \"end\": end timestamp must not be before start time")
    }
    return (start, end)
  }

  private func union(_ parameters: RequestParameters, _ read: ([LabelMatcher]) -> [String]) throws -> [String] {
    let selectors = try selectors(parameters)
    if selectors.isEmpty { return read([]) }
    return Set(selectors.flatMap(read)).sorted()
  }

  private func limited<Element>(_ all: [Element], _ parameters: RequestParameters) -> ArraySlice<Element> {
    let limit = parameters["limit"].flatMap(Int.init) ?? 0
    return limit > 0 ? all.prefix(limit) : all[...]
  }

  // MARK: Answers

  private func write(strings: some Sequence<String>, to json: inout JSONWriter) {
    json.key("data")
    json.beginArray()
    for string in strings { json.string(string) }
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
        json.key("value")
        json.sample(element.timestamp, element.value)
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
        json.key("values")
        json.beginArray()
        for (timestamp, value) in zip(one.timestamps, one.values) { json.sample(timestamp, value) }
        json.endArray()
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
      if notes.count > 10 { json.string("\(notes.count - 10) more \(key) omitted") }
      json.endArray()
    }
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

/// Counts the queries under way and refuses those over the limit.
final class QueryConcurrency: Sendable {
  let limit: Int
  private let running = Mutex(0)

  init(limit: Int) { self.limit = limit }

  func enter() -> Bool {
    running.withLock { running in
      guard running < limit else { return false }
      running += 1
      return true
    }
  }

  func leave() { running.withLock { $0 -= 1 } }
}
