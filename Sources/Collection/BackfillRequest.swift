import HTTPFetch
import TimeSeries

/// One request to a source, and what its answer comes to.
struct BackfillRequest {
  /// The largest answer that is taken, in bytes, unpacked.
  static let largestAnswer = 32 << 20
  /// Longer queries go into a form, since servers bound the length of addresses.
  private static let longestAddress = 2_000

  let configuration: BackfillConfiguration

  /// Asks for the values of a query over a stretch of time, and for the one at its end, which says whether a series
  /// goes on.
  func range(_ query: String, _ span: BackfillSpan) throws(FileError) -> HTTPRequest {
    try request(
      "/api/v1/query_range",
      [
        ("query", query), ("start", Self.seconds(span.start)), ("end", Self.seconds(span.end)),
        ("step", Self.seconds(configuration.step)), ("timeout", Self.seconds(configuration.timeout)),
      ])
  }

  /// Asks for the names of the metrics that a selector selects.
  func names(_ selector: String, _ span: BackfillSpan) throws(FileError) -> HTTPRequest {
    var request = try request("/api/v1/label/__name__/values", Self.selection(selector, span))
    if let body = request.body {
      // There is no form for label values.
      request.url += "?" + String(decoding: body, as: UTF8.self)
      request.body = nil
      request.method = "GET"
    }
    return request
  }

  /// Asks for the label sets of the series that a selector selects.
  func series(_ selector: String, _ span: BackfillSpan) throws(FileError) -> HTTPRequest {
    try request("/api/v1/series", Self.selection(selector, span))
  }

  private static func selection(_ selector: String, _ span: BackfillSpan) -> [(String, String)] {
    [("match[]", selector), ("start", seconds(span.start)), ("end", seconds(span.end))]
  }

  private func request(_ path: String, _ own: [(String, String)]) throws(FileError) -> HTTPRequest {
    let all = own + configuration.parameters.map { ($0.name, $0.value) }
    let form = all.map { "\(URLText.queryPart($0.0))=\(URLText.queryPart($0.1))" }.joined(separator: "&")
    let url = configuration.url + path
    var request: HTTPRequest
    if form.utf8.count > Self.longestAddress {
      request = HTTPRequest(
        url: url, headers: [HTTPHeader("Content-Type", "application/x-www-form-urlencoded")], body: Array(form.utf8))
    } else {
      request = HTTPRequest(url: "\(url)?\(form)")
    }
    request.bodySizeLimit = Self.largestAnswer
    // The source itself is to end a query that takes too long, and to say so.
    request.timeout = configuration.timeout + 5000
    try configuration.access.apply(to: &request)
    return request
  }

  /// What an answer other than a good one means.
  static func judge(_ response: HTTPResponse) -> BackfillPlan.Outcome? {
    let said = BackfillAnswer.errorText(response.body).map { ": \($0)" } ?? ""
    let reason = "the source answers \(response.status)\(said)"
    switch response.status {
    case 200: return nil
    case 429: return .later(reason, pause: pause(response))
    // Too many samples, too long a query: servers report what a smaller question mends as 422 or 413; 503 with a
    // readable error is a query that ran into its time limit.
    case 413, 422: return .tooMuch(reason)
    case 503 where said.contains("timed out"): return .tooMuch(reason)
    case 500...: return .later(reason, pause: pause(response))
    case 400: return .refused(reason)
    default: return .closed(reason)
    }
  }

  /// What a request that got no answer means.
  static func judge(_ error: HTTPFetchError) -> BackfillPlan.Outcome {
    switch error {
    case .bodyTooLarge: .tooMuch("\(error)")
    case .invalidRequest, .tooManyRedirects: .closed("\(error)")
    default: .later("\(error)", pause: nil)
    }
  }

  private static func pause(_ response: HTTPResponse) -> Int64? {
    guard let text = response.header("Retry-After"), let seconds = Int64(text), seconds >= 0 else { return nil }
    return min(seconds, 86_400) * 1000
  }

  static func seconds(_ milliseconds: Int64) -> String {
    let (whole, part) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    let digits = String(part)
    let sign = milliseconds < 0 ? "-" : ""
    return part == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(String(repeating: "0", count: 3 - digits.count))\(digits)"
  }
}
