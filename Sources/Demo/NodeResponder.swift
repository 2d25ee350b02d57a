import Exposition
import Hummingbird
import TimeSeries

/// Answers HTTP as the Prometheus plugin of one replayed node does.
///
/// It has the plugin's habits: 406 without a body for an `Accept` that neither names `text/plain`
/// nor leaves the type open, gzip only when asked, an unknown family without an error, an unknown
/// registry with 404. While the recorded node did not answer, it answers 503 without a body.
struct NodeResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let document: NodeDocument
  let replay: Replay
  let time: any TimeSource

  func respond(to request: Request, context: Context) async throws -> Response {
    guard request.method == .get || request.method == .head else { return Response(status: .methodNotAllowed) }
    let now = time.now()
    let position = replay.position(at: now)
    guard document.answers(replay.recording(at: position), row: position.row) else {
      return Response(status: .serviceUnavailable)
    }
    let query = request.uri.queryParameters
    let vhosts = query.getAll("vhost")
    let text: String
    switch request.uri.path {
    case "/metrics":
      text = document.metrics(replay, at: position, time: now)
    case "/metrics/detailed":
      text = document.queueMetrics(replay, at: position, families: query.getAll("family"), vhosts: vhosts)
    case "/metrics/per-object":
      let families = RecordedMetric.queueFamilies.map(\.family)
      text = document.queueMetrics(replay, at: position, families: families, vhosts: vhosts, prefix: "rabbitmq_")
    case "/metrics/memory-breakdown":
      text = document.identity
    default:
      return Response(status: .notFound)
    }
    guard Self.acceptsText(request.headers[values: .accept]) else { return Response(status: .notAcceptable) }
    return response(text, acceptedEncodings: request.headers[values: .acceptEncoding])
  }

  private func response(_ text: String, acceptedEncodings: [String]) -> Response {
    var headers: HTTPFields = [.contentType: "text/plain; version=0.0.4", .vary: "accept-encoding"]
    var bytes = Array(text.utf8)
    if Self.elements(of: acceptedEncodings).contains("gzip"), let packed = Gzip.compress(bytes) {
      bytes = packed
      headers[.contentEncoding] = "gzip"
    }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// Whether an `Accept` header leaves room for the text format; none at all does.
  private static func acceptsText(_ values: [String]) -> Bool {
    let types = elements(of: values)
    return types.isEmpty || types.contains { ["*/*", "text/*", "text/plain"].contains($0) }
  }

  /// The elements of a list header without their parameters, in lower case.
  private static func elements(of values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",") }.map { element in
      let name = element.prefix { $0 != ";" }
      return name.filter { !$0.isWhitespace }.lowercased()
    }
  }
}
