import Exposition
import HTTPFetch
import Logging
import TimeSeries

/// Fetches a target's document and hands it to the target's session: one scrape after the other.
struct TargetScraper {
  let client: HTTPClient
  let time: any TimeSource
  let metrics: ScrapeMetrics
  let logger: Logger
  let isExtended: Bool
  var session: ScrapeSession
  /// The unpacked body, kept for its memory.
  private var unpacked: [UInt8] = []
  private var lastBodySize = 0
  private var lastError: ScrapeError?

  init(
    client: HTTPClient, time: any TimeSource, metrics: ScrapeMetrics, logger: Logger, isExtended: Bool,
    session: ScrapeSession
  ) {
    self.client = client
    self.time = time
    self.metrics = metrics
    self.logger = logger
    self.isExtended = isExtended
    self.session = session
  }

  /// Scrapes once; nil if the sense asked to skip it or the task was cancelled.
  ///
  /// - Parameter failure: why the scrape fails without being tried, if it does.
  mutating func scrape(timestamp: Int64, failure: ScrapeError? = nil) async -> ScrapeOutcome? {
    let target = session.target
    var parameters = target.parameters
    if let sense = session.sense {
      guard let wanted = sense.parameters(configured: parameters, at: timestamp) else {
        metrics.countSkipped()
        return nil
      }
      parameters = wanted
    }
    let start = ContinuousClock.now
    var outcome = ScrapeOutcome(timestamp: timestamp)
    do throws(ScrapeError) {
      if let failure { throw failure }
      let response = try await fetch(target.url(parameters))
      if Task.isCancelled { return nil }
      try read(response, &outcome)
    } catch {
      if Task.isCancelled { return nil }
      outcome.error = error
      session.fail(timestamp: timestamp, now: time.now())
    }
    outcome.duration = (ContinuousClock.now - start).seconds
    session.report(outcome, isExtended: isExtended, now: time.now())
    metrics.count(outcome)
    log(outcome.error)
    session.sense?.didScrape(outcome)
    return outcome
  }

  private func fetch(_ url: String) async throws(ScrapeError) -> HTTPResponse {
    let job = session.job
    let limit = bodySizeLimit
    var request = HTTPRequest(url: url)
    request.headers = [
      HTTPHeader("Accept", job.acceptHeader),
      HTTPHeader("X-Prometheus-Scrape-Timeout-Seconds", "\(Double(session.target.timeout) / 1000)"),
    ]
    request.compression = job.isCompressionEnabled ? .raw : .none
    request.bodySizeLimit = limit
    request.expectedBodySize = lastBodySize + lastBodySize / 8
    // The source of time may run faster than the network does.
    request.timeout = max(1000, session.target.timeout)
    do throws(FileError) { try job.access.apply(to: &request) } catch {
      throw ScrapeError(code: "configuration", error.description)
    }
    do throws(HTTPFetchError) {
      let response = try await client.fetch(request)
      guard response.status == 200 else {
        throw HTTPFetchError.other("server returned HTTP status \(response.status)")
      }
      return response
    } catch {
      if case .bodyTooLarge = error {
        throw ScrapeError(code: error.code, "body_size_limit exceeded (limit: \(limit) bytes)")
      }
      if case .other = error { throw ScrapeError(code: "status", error.description) }
      throw ScrapeError(code: error.code, error.description)
    }
  }

  private mutating func read(_ response: HTTPResponse, _ outcome: inout ScrapeOutcome) throws(ScrapeError) {
    let format: ExpositionFormat
    do throws(ExpositionFormatError) {
      format = try ExpositionFormat(
        contentType: response.header("Content-Type"), fallback: session.job.fallbackFormat)
    } catch {
      throw ScrapeError(code: "content_type", error.description)
    }
    lastBodySize = response.body.count
    let isPacked = try unpack(response)
    defer {
      // Memory that one large document took is given back.
      if unpacked.capacity > 1 << 20, unpacked.count < unpacked.capacity / 4 { unpacked = [] }
    }
    outcome.bodyBytes = isPacked ? unpacked.count : response.body.count
    let deadline = ContinuousClock.now + .milliseconds(max(1000, session.target.timeout))
    let now = time.now()
    let timestamp = outcome.timestamp
    let bytes = isPacked ? unpacked : response.body
    let result = bytes.withUnsafeBytes { body in
      Result<ScrapeTally, ScrapeError> { () throws(ScrapeError) in
        try session.ingest(body, format: format, timestamp: timestamp, now: now) { ContinuousClock.now > deadline }
      }
    }
    let tally = try result.get()
    outcome.samples = tally.samples
    outcome.samplesKept = tally.kept
    outcome.seriesAdded = tally.added
    metrics.count(tally)
    for note in tally.notes { logger.warning("\(session.target.url): malformed: \(note)") }
  }

  /// Unpacks a compressed body into ``unpacked``; false if it was not compressed.
  private mutating func unpack(_ response: HTTPResponse) throws(ScrapeError) -> Bool {
    switch response.header("Content-Encoding")?.lowercased() {
    case nil, "", "identity": return false
    case "gzip", "x-gzip":
      unpacked.removeAll(keepingCapacity: true)
      do throws(GunzipError) {
        var gunzip = try Gunzip(limit: bodySizeLimit)
        try gunzip.append(response.body, to: &unpacked)
        try gunzip.finish()
      } catch {
        unpacked = []
        if case .tooLarge(let limit) = error {
          throw ScrapeError(code: "body_too_large", "body_size_limit exceeded (limit: \(limit) bytes)")
        }
        throw ScrapeError(code: error == .truncated ? "truncated" : "bad_encoding", error.description)
      }
      return true
    case let other?:
      throw ScrapeError(code: "bad_encoding", "the body has the unknown encoding \"\(other.prefix(40))\"")
    }
  }

  private var bodySizeLimit: Int {
    session.job.limits.bodySize > 0 ? session.job.limits.bodySize : ScrapeLimits.defaultBodySize
  }

  /// Logs a failure when it begins or changes its kind, and its end.
  private mutating func log(_ error: ScrapeError?) {
    defer { lastError = error }
    let url = session.target.url
    if let error {
      if error.code == lastError?.code {
        logger.debug("scrape of \(url) failed: \(error)")
      } else {
        logger.warning("scrape of \(url) failed: \(error)")
      }
    } else if lastError != nil {
      logger.info("scrape of \(url) succeeds again")
    }
  }
}

extension Duration {
  /// This duration in seconds.
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
