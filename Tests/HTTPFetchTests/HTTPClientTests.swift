import HTTPFetch
import Synchronization
import Testing

@Suite("The HTTP client")
struct HTTPClientTests {
  let client = HTTPClient()

  @Test("a response comes with status, headers and body, and the connection is kept")
  func plainGet() async throws {
    let server = try LoopbackServer.answering { head in
      LoopbackServer.response(Array(head.utf8), status: "202 Accepted", headers: ["X-Odd:  a b "])
    }
    defer { server.stop() }
    var request = HTTPRequest(
      url: server.url + "/p?q=1", headers: [HTTPHeader("Accept", "x/y"), HTTPHeader("Empty", "")])
    request.compression = .none
    let first = try await client.fetch(request)
    #expect(first.status == 202)
    #expect(first.header("x-odd") == "a b")
    let head = String(decoding: first.body, as: UTF8.self)
    #expect(head.hasPrefix("GET /p?q=1 HTTP/1.1\r\n"))
    #expect(head.contains("\r\nAccept: x/y\r\n") && head.contains("\r\nEmpty:\r\n"))
    #expect(!head.contains("Accept-Encoding"))
    #expect(!first.reusedConnection)
    #expect(try await client.fetch(request).reusedConnection)
  }

  @Test("basic authentication, bearer tokens and posted bodies arrive")
  func authentication() async throws {
    let server = try LoopbackServer { connection in
      while let head = connection.readHead() {
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        let body = connection.read(length.flatMap { Int($0.dropFirst(16)) } ?? 0)
        guard connection.send(LoopbackServer.response(Array(head.utf8) + body)) else { return }
      }
    }.started()
    defer { server.stop() }
    var request = HTTPRequest(url: server.url)
    request.basicAuthentication = BasicAuthentication(username: "Aladdin", password: "open sesame")
    let basic = String(decoding: try await client.fetch(request).body, as: UTF8.self)
    // The example of RFC 7617, section 2.
    #expect(basic.contains("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"))
    request.basicAuthentication = nil
    request.authorization = "Bearer abc"
    let bearer = String(decoding: try await client.fetch(request).body, as: UTF8.self)
    #expect(bearer.contains("\r\nAuthorization: Bearer abc\r\n"))
    let posted = try await client.fetch(HTTPRequest(url: server.url, body: Array("hello".utf8)))
    let post = String(decoding: posted.body, as: UTF8.self)
    #expect(post.hasPrefix("POST / HTTP/1.1\r\n") && post.hasSuffix("\r\n\r\nhello"))
    #expect(!post.contains("Expect"))
    let empty = String(decoding: try await client.fetch(HTTPRequest(url: server.url, body: [])).body, as: UTF8.self)
    #expect(empty.contains("\r\nContent-Length: 0\r\n"))
    let deletion = try await client.fetch(HTTPRequest(url: server.url, method: "DELETE"))
    #expect(deletion.body.starts(with: "DELETE / ".utf8))
  }

  @Test("secrets of a request do not print")
  func secretsDoNotPrint() {
    let secret = BasicAuthentication(username: "u", password: "hidden")
    #expect("\(secret)" == "<secret>")
    #expect(String(reflecting: secret) == "<secret>")
  }

  @Test("gzip is unpacked, or left as it is on request")
  func gzip() async throws {
    let packed = GzipBytes.stored(Array("metric 1\n".utf8))
    let server = try LoopbackServer.answering { head in
      LoopbackServer.response(packed, headers: head.contains("Accept-Encoding: gzip") ? ["Content-Encoding: gzip"] : [])
    }
    defer { server.stop() }
    var request = HTTPRequest(url: server.url)
    #expect(try await client.fetch(request).body == Array("metric 1\n".utf8))
    request.compression = .raw
    #expect(try await client.fetch(request).body == packed)
  }

  @Test("redirects are followed up to the bound, or not at all")
  func redirects() async throws {
    let server = try LoopbackServer.answering { head in
      head.hasPrefix("GET /end ")
        ? LoopbackServer.response(Array("end".utf8))
        : LoopbackServer.response(
          [], status: "302 Found", headers: [head.hasPrefix("GET /loop ") ? "Location: /loop" : "Location: /end"])
    }
    defer { server.stop() }
    var request = HTTPRequest(url: server.url + "/start")
    let response = try await client.fetch(request)
    #expect(response.body == Array("end".utf8))
    #expect(response.headers.filter { $0.name == "Content-Type" }.count == 1)
    request.maximumRedirects = 0
    #expect(try await client.fetch(request).status == 302)
    request.url = server.url + "/loop"
    request.maximumRedirects = 3
    await #expect(throws: HTTPFetchError.tooManyRedirects(limit: 3)) { try await client.fetch(request) }
  }

  @Test("a redirect to another protocol is refused")
  func redirectToFile() async throws {
    let server = try LoopbackServer.answering { _ in
      LoopbackServer.response([], status: "302 Found", headers: ["Location: file:///etc/passwd"])
    }
    defer { server.stop() }
    let error = await #expect(throws: HTTPFetchError.self) { try await client.fetch(HTTPRequest(url: server.url)) }
    #expect(error?.code == "invalid_request")
  }

  @Test(
    "requests that cannot be sent are refused",
    arguments: ["file:///etc/passwd", "gopher://127.0.0.1/", "", "http://", "http://a b/", "http://127.0.0.1:99999/"])
  func invalidURLs(_ url: String) async throws {
    let error = await #expect(throws: HTTPFetchError.self) { try await client.fetch(HTTPRequest(url: url)) }
    #expect(error?.code == "invalid_request")
  }

  @Test("line breaks cannot be smuggled into the header")
  func headerInjection() async throws {
    for header in [HTTPHeader("A", "b\r\nC: d"), HTTPHeader("A\nB", "c"), HTTPHeader("", "x"), HTTPHeader("A:", "x")] {
      let request = HTTPRequest(url: "http://127.0.0.1:1", headers: [header])
      let error = await #expect(throws: HTTPFetchError.self) { try await client.fetch(request) }
      #expect(error?.code == "invalid_request")
    }
  }

  @Test("many requests run at once over the one thread")
  func concurrency() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackServer.response(Array("x".utf8)) }
    defer { server.stop() }
    let url = server.url
    let count = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 { group.addTask { (try? await client.fetch(HTTPRequest(url: url)))?.body == [0x78] } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(count == 100)
  }

  @Test("a cancelled task gets its error at once and the connection closes", .timeLimit(.minutes(1)))
  func cancellation() async throws {
    let (requests, sink) = AsyncStream<Void>.makeStream()
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      sink.yield()
      connection.waitForClose()
      sink.finish()
    }.started()
    defer { server.stop() }
    let url = server.url
    let task = Task {
      var request = HTTPRequest(url: url)
      request.timeout = 600_000
      return await Result { () async throws(HTTPFetchError) in try await client.fetch(request) }
    }
    var arrivals = requests.makeAsyncIterator()
    _ = await arrivals.next()
    task.cancel()
    guard case .failure(.cancelled) = await task.value else { Issue.record("not cancelled"); return }
    #expect(await arrivals.next() == nil)
  }

  @Test("a task that is cancelled already sends nothing")
  func earlyCancellation() async {
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return await Result { () async throws(HTTPFetchError) in
        try await client.fetch(HTTPRequest(url: "http://127.0.0.1:1"))
      }
    }
    task.cancel()
    guard case .failure(.cancelled) = await task.value else { Issue.record("not cancelled"); return }
  }

  @Test("shutting down ends running requests and refuses later ones", .timeLimit(.minutes(1)))
  func shutdown() async throws {
    let (requests, sink) = AsyncStream<Void>.makeStream()
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      sink.yield()
      connection.waitForClose()
    }.started()
    defer { server.stop() }
    let url = server.url
    let client = HTTPClient()
    async let running = Result { () async throws(HTTPFetchError) in try await client.fetch(HTTPRequest(url: url)) }
    var arrivals = requests.makeAsyncIterator()
    _ = await arrivals.next()
    await client.shutdown()
    guard case .failure(.shutDown) = await running else { Issue.record("not shut down"); return }
    await #expect(throws: HTTPFetchError.shutDown) { try await client.fetch(HTTPRequest(url: url)) }
    await client.shutdown()
    await HTTPClient().shutdown()
  }
}

extension Result where Failure == HTTPFetchError {
  init(_ body: () async throws(HTTPFetchError) -> Success) async {
    do throws(HTTPFetchError) { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
