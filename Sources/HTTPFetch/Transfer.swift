import CCurl
import CCurlShims
import Synchronization

/// One request under way: what libcurl's callbacks fill in.
///
/// Unchecked: after its submission only the network thread touches the variables, and before it only the task that made
/// the transfer; the inbox's lock is between the two.
final class Transfer: @unchecked Sendable {
  let request: HTTPRequest
  let userAgent: String
  let isCancelled = Atomic<Bool>(false)
  private var body: [UInt8] = []
  private var headers: [HTTPHeader] = []
  private var headerBytes = 0
  /// Why a callback stopped the transfer.
  private var failure: HTTPFetchError?
  var headerList: UnsafeMutablePointer<curl_slist>?
  var connectToList: UnsafeMutablePointer<curl_slist>?
  /// Where libcurl writes a message; it must not move.
  let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  init(_ request: HTTPRequest, userAgent: String) {
    self.request = request
    self.userAgent = userAgent
    message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
  }

  deinit {
    releaseLists()
    message.deallocate()
  }

  func releaseLists() {
    curl_slist_free_all(headerList)
    curl_slist_free_all(connectToList)
    headerList = nil
    connectToList = nil
  }

  /// Takes a piece of the body; false stops the transfer.
  func receive(body piece: UnsafeRawBufferPointer) -> Bool {
    if piece.count > request.bodySizeLimit - body.count {
      failure = .bodyTooLarge(limit: request.bodySizeLimit)
      body = []
      return false
    }
    if body.isEmpty, request.expectedBodySize > 0 {
      body.reserveCapacity(min(request.expectedBodySize, request.bodySizeLimit))
    }
    body.append(contentsOf: piece)
    return true
  }

  /// Takes a line of the header; false stops the transfer.
  func receive(headerLine line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    if headerBytes > request.headerSizeLimit {
      failure = .headersTooLarge(limit: request.headerSizeLimit)
      return false
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
      // A status line starts the header of a further response, after a redirect or a 100.
      if line.starts(with: "HTTP/".utf8) { headers = [] }
      return true
    }
    headers.append(HTTPHeader(Transfer.trimmed(line[..<colon]), Transfer.trimmed(line[(colon + 1)...])))
    return true
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    var bytes = bytes
    while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What came of the transfer when libcurl reports its end.
  func result(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) -> Result<HTTPResponse, HTTPFetchError> {
    if let failure { return .failure(failure) }
    if code != CURLE_OK {
      message[Int(CURL_ERROR_SIZE) - 1] = 0
      var text = String(cString: message)
      if text.isEmpty { text = String(cString: curl_easy_strerror(code)) }
      return .failure(HTTPFetchError(code, text, request))
    }
    let response = HTTPResponse(
      status: hc_easy_get_long(easy, CURLINFO_RESPONSE_CODE), headers: headers, body: body,
      duration: hc_easy_get_double(easy, CURLINFO_TOTAL_TIME),
      reusedConnection: hc_easy_get_long(easy, CURLINFO_NUM_CONNECTS) == 0)
    return .success(response)
  }
}

extension HTTPFetchError {
  /// The error for one of libcurl's codes and its message.
  init(_ code: CURLcode, _ text: String, _ request: HTTPRequest) {
    let line = String(
      String.UnicodeScalarView(text.unicodeScalars.prefix(200).map { $0.value < 0x20 ? " " : $0 }))
    switch code {
    // libcurl's word for an answer without a status line.
    case CURLE_UNSUPPORTED_PROTOCOL where line.contains("HTTP/0.9"): self = .badResponse("it has no status line")
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: self = .invalidRequest(line)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolve(line)
    case CURLE_COULDNT_CONNECT: self = .refused(line)
    case CURLE_OPERATION_TIMEDOUT: self = .timeout(milliseconds: request.timeout)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_USE_SSL_FAILED, CURLE_SSL_CLIENTCERT:
      self = .tls(line)
    // The server refuses the client's certificate only after the handshake in TLS 1.3.
    case CURLE_RECV_ERROR where line.contains("alert") && request.url.hasPrefix("https"): self = .tls(line)
    case CURLE_PARTIAL_FILE: self = .truncated
    case CURLE_BAD_CONTENT_ENCODING: self = .badEncoding
    case CURLE_FILESIZE_EXCEEDED: self = .bodyTooLarge(limit: request.bodySizeLimit)
    case CURLE_TOO_MANY_REDIRECTS: self = .tooManyRedirects(limit: request.maximumRedirects)
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING: self = .connectionLost(line)
    case CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM: self = .badResponse(line)
    default: self = .other(line)
    }
  }
}
