import HTTPFetch

/// What became of one request to a receiver.
enum DeliveryOutcome: Sendable, Equatable {
  /// The receiver has it.
  case delivered
  /// The receiver cannot take it now: the same request is to be sent again, not before `pause` milliseconds if it says so.
  case retry(reason: String, pause: Int64?)
  /// The receiver will never take it, but for the samples that it says it has taken.
  case refused(reason: String, written: Int)
  /// The receiver has taken nothing, and does not say which of the samples are at fault: others of the same request may
  /// be taken without them.
  case refusedTogether(reason: String)
  /// The receiver wants smaller requests.
  case tooLarge(reason: String)
  /// The receiver does not know this format.
  case unsupported(reason: String)

  /// What a request without an answer means.
  init(_ error: HTTPFetchError) {
    self = .retry(reason: "\(error)", pause: nil)
  }

  /// What a status means to which the format has nothing to add.
  ///
  /// - Parameter retriesTooManyRequests: whether 429 means to try again.
  init(_ response: HTTPResponse, retriesTooManyRequests: Bool = true, now: Int64) {
    let reason = Self.reason(response)
    switch response.status {
    case 200..<300: self = .delivered
    // The samples are not at fault: whoever gives the final address gets them all.
    case 300..<400: self = .retry(reason: "\(reason); redirects are not followed, write the final address", pause: nil)
    case 429 where !retriesTooManyRequests: self = .refused(reason: reason, written: 0)
    case 408, 429, 500...: self = .retry(reason: reason, pause: response.retryAfter(at: now))
    case 413: self = .tooLarge(reason: reason)
    case 415: self = .unsupported(reason: reason)
    default: self = .refused(reason: reason, written: 0)
    }
  }

  /// One line with the status and the beginning of what the receiver says.
  static func reason(_ response: HTTPResponse) -> String {
    let text = String(decoding: response.body.prefix(300), as: UTF8.self)
    let line = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    let trimmed = line.trimmingSpaces
    return trimmed.isEmpty ? "status \(response.status)" : "status \(response.status): \(trimmed)"
  }

  /// A short constant word, fit to be the value of a metric's label.
  var code: String {
    switch self {
    case .delivered: "success"
    case .retry: "retry"
    case .refused, .refusedTogether: "refused"
    case .tooLarge: "too_large"
    case .unsupported: "unsupported"
    }
  }

  /// Why the request was not taken, if it was not.
  var reason: String? {
    switch self {
    case .delivered: nil
    case .retry(let reason, _), .refused(let reason, _), .refusedTogether(let reason), .tooLarge(let reason),
      .unsupported(let reason):
      reason
    }
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    var rest = self[...]
    while rest.first == " " { rest = rest.dropFirst() }
    while rest.last == " " { rest = rest.dropLast() }
    return String(rest)
  }
}
