import Glibc
import HTTPFetch
import Testing

@Suite("Hostile servers", .timeLimit(.minutes(1)))
struct HostileServerTests {
  let client = HTTPClient()

  /// Fetches from a server that does `behaviour` after the request's head, within 1.5 s and 1 MiB of body.
  func fetch(_ behaviour: @escaping @Sendable (Connection) -> Void) async throws -> Result<HTTPResponse, HTTPFetchError>
  {
    let server = try LoopbackServer { connection in
      _ = connection.readHead()
      behaviour(connection)
    }.started()
    defer { server.stop() }
    var request = HTTPRequest(url: server.url)
    request.timeout = 1500
    request.bodySizeLimit = 1 << 20
    request.headerSizeLimit = 64 << 10
    let start = ContinuousClock.now
    let result = await Result { () async throws(HTTPFetchError) in try await client.fetch(request) }
    #expect(ContinuousClock.now - start < .seconds(20))
    if case .failure(let error) = result { #expect(!error.description.contains("\n")) }
    return result
  }

  func error(_ behaviour: @escaping @Sendable (Connection) -> Void) async throws -> HTTPFetchError? {
    guard case .failure(let error) = try await fetch(behaviour) else { return nil }
    return error
  }

  static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

  @Test("a server that never answers ends at the timeout")
  func hangs() async throws {
    #expect(try await error { $0.waitForClose() } == .timeout(milliseconds: 1500))
  }

  @Test("a server that trickles its body ends at the timeout")
  func trickles() async throws {
    let result = try await error { connection in
      guard connection.send(HostileServerTests.head + "Content-Length: 1000\r\n\r\n") else { return }
      while connection.send("a"), connection.pause(200) {}
    }
    #expect(result == .timeout(milliseconds: 1500))
  }

  @Test("a server that trickles its header ends at the timeout")
  func tricklesHeader() async throws {
    let result = try await error { connection in
      guard connection.send(HostileServerTests.head) else { return }
      while connection.send("X"), connection.pause(200) {}
    }
    #expect(result == .timeout(milliseconds: 1500))
  }

  @Test("an endless body stops at the limit")
  func endless() async throws {
    let result = try await error { connection in
      guard connection.send(HostileServerTests.head + "Connection: close\r\n\r\n") else { return }
      let piece = [UInt8](repeating: 0x61, count: 65_536)
      while connection.send(piece) {}
    }
    #expect(result == .bodyTooLarge(limit: 1 << 20))
  }

  @Test("an announced length over the limit is refused before the body")
  func announced() async throws {
    let result = try await error { connection in
      _ = connection.send(HostileServerTests.head + "Content-Length: 1073741824\r\n\r\n")
      connection.waitForClose()
    }
    #expect(result == .bodyTooLarge(limit: 1 << 20))
  }

  @Test("a gzip bomb of 1 GiB stops at the limit, with memory bounded")
  func bomb() async throws {
    let bomb = GzipBytes.bomb(pieces: (1 << 30) / 2064)
    let before = residentBytes()
    let result = try await error { connection in
      guard connection.send(HostileServerTests.head + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n") else {
        return
      }
      _ = connection.send(bomb)
    }
    #expect(result == .bodyTooLarge(limit: 1 << 20))
    // Other tests run in the same process; unbounded, this one alone would take 1 GiB.
    #expect(residentBytes() - before < 512 << 20)
  }

  @Test("bytes that are not gzip are a bad encoding")
  func notGzip() async throws {
    let result = try await error { connection in
      _ = connection.send(
        HostileServerTests.head + "Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is not gzip at ")
    }
    #expect(result == .badEncoding)
  }

  @Test("a body that ends before its announced length is truncated")
  func truncated() async throws {
    let result = try await error { connection in
      _ = connection.send(HostileServerTests.head + "Content-Length: 100\r\n\r\nshort")
    }
    #expect(result == .truncated)
  }

  @Test("a body longer than announced ends at its announced length")
  func excess() async throws {
    let result = try await fetch { connection in
      _ = connection.send(HostileServerTests.head + "Content-Length: 5\r\n\r\nshort and more")
    }
    #expect(try result.get().body == Array("short".utf8))
  }

  @Test("a connection reset in the body is a lost connection or a truncated body")
  func reset() async throws {
    let result = try await error { connection in
      _ = connection.send(HostileServerTests.head + "Content-Length: 100\r\n\r\nshort")
      connection.resetOnClose()
    }
    #expect(["connection_lost", "truncated"].contains(result?.code))
  }

  @Test("a connection closed without an answer is a lost connection")
  func closes() async throws {
    #expect(try await error { _ in }?.code == "connection_lost")
  }

  @Test("an endless header stops at the limit")
  func endlessHeader() async throws {
    let result = try await error { connection in
      guard connection.send(HostileServerTests.head) else { return }
      let line = "X-Filler: \(String(repeating: "x", count: 1000))\r\n"
      while connection.send(line) {}
    }
    #expect(result == .headersTooLarge(limit: 64 << 10))
  }

  @Test("a single endless header line is one error")
  func endlessHeaderLine() async throws {
    let result = try await error { connection in
      guard connection.send(HostileServerTests.head + "X-Filler: ") else { return }
      while connection.send(String(repeating: "x", count: 10_000)) {}
    }
    #expect(result != nil)
  }

  @Test("a server that speaks something else is one error")
  func notHTTP() async throws {
    let result = try await error { connection in
      _ = connection.send("220 mail.example.org ESMTP\r\n")
    }
    #expect(result?.code == "bad_response")
  }

  @Test("TLS spoken to a server without it is a TLS error")
  func notTLS() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
      connection.waitForClose()
    }.started()
    defer { server.stop() }
    var request = HTTPRequest(url: "https://127.0.0.1:\(server.port)/")
    request.timeout = 1500
    let result = await Result { () async throws(HTTPFetchError) in try await client.fetch(request) }
    guard case .failure(.tls) = result else { Issue.record("\(result)"); return }
  }

  @Test("a closed port refuses")
  func refused() async throws {
    // A port that was free a moment ago.
    let server = try LoopbackServer { _ in }.started()
    server.stop()
    var request = HTTPRequest(url: server.url)
    request.timeout = 1500
    let result = await Result { () async throws(HTTPFetchError) in try await client.fetch(request) }
    guard case .failure(let error) = result else { Issue.record("\(result)"); return }
    #expect(error.code == "refused" || error.code == "connection_lost")
  }

  @Test("a name that does not exist is a resolver's error, and cancelling does not wait for the resolver")
  func unresolved() async throws {
    var request = HTTPRequest(url: "http://name.invalid/")
    request.timeout = 1500
    let start = ContinuousClock.now
    let result = await Result { () async throws(HTTPFetchError) in try await client.fetch(request) }
    guard case .failure(let error) = result else { Issue.record("\(result)"); return }
    #expect(error.code == "resolve" || error.code == "timeout")
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, 256, file) != nil else { return 0 }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
