import CCurl
import CCurlShims

extension Transfer {
  /// Sets every option of the request on a fresh handle; gives what is wrong with the request, if anything.
  func configure(_ easy: UnsafeMutableRawPointer) -> HTTPFetchError? {
    let context = Unmanaged.passUnretained(self).toOpaque()
    hc_easy_set_pointer(easy, CURLOPT_PRIVATE, context)
    hc_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, message)
    hc_easy_set_long(easy, CURLOPT_NOSIGNAL, 1)
    hc_easy_set_quick_exit(easy)
    hc_easy_set_callback(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      let bytes = UnsafeRawBufferPointer(start: data, count: size &* count)
      guard let context else { return 0 }
      return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(body: bytes) ? bytes.count : 0
    }
    hc_easy_set_pointer(easy, CURLOPT_WRITEDATA, context)
    hc_easy_set_callback(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
      let bytes = UnsafeRawBufferPointer(start: data, count: size &* count)
      guard let context else { return 0 }
      return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(headerLine: bytes) ? bytes.count : 0
    }
    hc_easy_set_pointer(easy, CURLOPT_HEADERDATA, context)
    hc_easy_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    hc_easy_set_string(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    hc_easy_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    hc_easy_set_long(easy, CURLOPT_BUFFERSIZE, 256 << 10)
    setBounds(easy)
    setProxy(easy)
    return setTarget(easy) ?? setTLS(easy) ?? setMethod(easy) ?? setHeaders(easy)
  }

  private func setBounds(_ easy: UnsafeMutableRawPointer) {
    // 0 would mean no limit at all.
    hc_easy_set_long(easy, CURLOPT_TIMEOUT_MS, Int(min(max(1, request.timeout), 86_400_000)))
    let connect = min(request.connectTimeout ?? request.timeout, request.timeout)
    hc_easy_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(min(max(1, connect), 86_400_000)))
    hc_easy_set_size(easy, CURLOPT_MAXFILESIZE_LARGE, Int64(max(1, request.bodySizeLimit)))
    hc_easy_set_long(easy, CURLOPT_FOLLOWLOCATION, request.maximumRedirects > 0 ? 1 : 0)
    hc_easy_set_long(easy, CURLOPT_MAXREDIRS, max(0, request.maximumRedirects))
    if request.compression == .unpacked { hc_easy_set_string(easy, CURLOPT_ACCEPT_ENCODING, "gzip") }
  }

  private func setProxy(_ easy: UnsafeMutableRawPointer) {
    // The empty string keeps libcurl from looking into the environment.
    hc_easy_set_string(easy, CURLOPT_PROXY, request.proxyURL ?? "")
    if let noProxy = request.noProxy { hc_easy_set_string(easy, CURLOPT_NOPROXY, noProxy) }
  }

  private func setTarget(_ easy: UnsafeMutableRawPointer) -> HTTPFetchError? {
    if request.url.utf8.contains(0) { return .invalidRequest("the URL holds a NUL byte") }
    guard let serverName = request.tls.serverName, !serverName.isEmpty, request.url.hasPrefix("https") else {
      return check(hc_easy_set_string(easy, CURLOPT_URL, request.url))
    }
    // libcurl takes the server name from the URL, so the URL gets that name and the connection goes to the real host.
    var replaced: UnsafeMutablePointer<CChar>?
    var host: UnsafeMutablePointer<CChar>?
    var port: UnsafeMutablePointer<CChar>?
    defer {
      curl_free(replaced)
      curl_free(host)
      curl_free(port)
    }
    guard hc_replace_host(request.url, serverName, &replaced, &host, &port) == 0, let host, let port else {
      return .invalidRequest("the URL or the TLS server name is not valid")
    }
    let origin = "\(String(cString: host)):\(String(cString: port))"
    connectToList = curl_slist_append(nil, "\(serverName):\(String(cString: port)):\(origin)")
    hc_easy_set_pointer(easy, CURLOPT_CONNECT_TO, connectToList)
    headerList = curl_slist_append(headerList, "Host: \(origin)")
    return check(hc_easy_set_string(easy, CURLOPT_URL, replaced))
  }

  private func setTLS(_ easy: UnsafeMutableRawPointer) -> HTTPFetchError? {
    let tls = request.tls
    let maximum = tls.maximumVersion.map { $0.rawValue << 16 } ?? 0
    hc_easy_set_long(easy, CURLOPT_SSLVERSION, tls.minimumVersion.rawValue | maximum)
    if tls.isVerificationOff {
      hc_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
      hc_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
    }
    return setPEM(easy, tls.authority, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB)
      ?? setPEM(easy, tls.certificate, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB)
      ?? setPEM(easy, tls.key, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB)
  }

  private func setPEM(
    _ easy: UnsafeMutableRawPointer, _ pem: TLSOptions.PEM?, _ file: CURLoption, _ blob: CURLoption
  ) -> HTTPFetchError? {
    switch pem {
    case nil: return nil
    case .file(let path): return check(hc_easy_set_string(easy, file, path))
    case .text(let text):
      var text = text
      return check(text.withUTF8 { hc_easy_set_blob(easy, blob, $0.baseAddress, $0.count) })
    }
  }

  private func setMethod(_ easy: UnsafeMutableRawPointer) -> HTTPFetchError? {
    let isToken = !request.method.isEmpty && request.method.utf8.allSatisfy { $0 > 0x40 && $0 < 0x7b }
    guard isToken else { return .invalidRequest("the method is not valid") }
    if let body = request.body {
      hc_easy_set_long(easy, CURLOPT_POST, 1)
      hc_easy_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int64(body.count))
      let status = body.withUnsafeBytes { bytes in
        // Without any pointer libcurl would ask for the body by a callback.
        body.isEmpty
          ? hc_easy_set_string(easy, CURLOPT_COPYPOSTFIELDS, "")
          : hc_easy_set_string(easy, CURLOPT_COPYPOSTFIELDS, bytes.bindMemory(to: CChar.self).baseAddress)
      }
      if let error = check(status) { return error }
    }
    if request.method == "HEAD" {
      hc_easy_set_long(easy, CURLOPT_NOBODY, 1)
    } else if request.method != (request.body == nil ? "GET" : "POST") {
      return check(hc_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method))
    }
    return nil
  }

  private func setHeaders(_ easy: UnsafeMutableRawPointer) -> HTTPFetchError? {
    var fields = request.headers
    if let authorization = request.authorization { fields.append(HTTPHeader("Authorization", authorization)) }
    if request.compression == .raw { fields.append(HTTPHeader("Accept-Encoding", "gzip")) }
    for field in fields {
      let isClean = !field.name.isEmpty && (field.name + field.value).utf8.allSatisfy { $0 >= 0x20 || $0 == 0x09 }
      guard isClean, !field.name.contains(":") else {
        return .invalidRequest("the header field \"\(field.name.prefix(60))\" holds a character that is not allowed")
      }
      // With a semicolon libcurl sends a field without a value; with a colon it would drop it.
      let line = field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)"
      headerList = curl_slist_append(headerList, line)
    }
    if request.body != nil { headerList = curl_slist_append(headerList, "Expect:") }
    hc_easy_set_pointer(easy, CURLOPT_HTTPHEADER, headerList)
    hc_easy_set_string(easy, CURLOPT_USERAGENT, userAgent)
    if let basic = request.basicAuthentication {
      hc_easy_set_long(easy, CURLOPT_HTTPAUTH, 1)
      return check(hc_easy_set_string(easy, CURLOPT_USERNAME, basic.username))
        ?? check(hc_easy_set_string(easy, CURLOPT_PASSWORD, basic.password))
    }
    return nil
  }

  private func check(_ code: CURLcode) -> HTTPFetchError? {
    code == CURLE_OK ? nil : .invalidRequest(String(cString: curl_easy_strerror(code)))
  }
}
