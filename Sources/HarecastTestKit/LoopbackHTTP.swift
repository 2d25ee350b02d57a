import Foundation

/// The answer to a request of ``LoopbackHTTP``.
public struct HTTPAnswer: Sendable {
  public var status: Int
  /// Header names in lower case.
  public var headers: [String: String]
  public var body: [UInt8]

  /// The body as text.
  public var text: String { String(decoding: body, as: UTF8.self) }
}

/// A minimal HTTP client for servers on 127.0.0.1, independent of the client under test.
///
/// It speaks HTTP/1.0, so that the answer ends with the connection.
public enum LoopbackHTTP {
  /// Sends one request and reads the whole answer.
  ///
  /// - Parameters:
  ///   - method: for instance `GET`.
  ///   - url: `http://127.0.0.1:port/path?query`.
  ///   - user: name and password for basic authentication, as `name:password`.
  ///   - limit: how long connecting, sending and each wait for bytes may take.
  /// - Throws: ``SystemCallError`` or ``TimedOut``.
  public static func send(
    _ method: String = "GET", _ url: String, headers: [String: String] = [:], body: [UInt8] = [],
    user: String? = nil, limit: Duration = .seconds(10)
  ) async throws -> HTTPAnswer {
    try await withCheckedThrowingContinuation { continuation in
      // A thread of its own: blocking one of Dispatch's starves Swift's pool, and with it a server under test.
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            try exchange(method, url, headers: headers, body: body, user: user, limit: limit)
          })
      }
    }
  }

  /// The body of the answer to a `GET`, as text.
  ///
  /// - Throws: ``SystemCallError``, ``TimedOut``, or ``UnexpectedStatus`` if the answer is not 200.
  public static func get(_ url: String, user: String? = nil) async throws -> String {
    let answer = try await send("GET", url, user: user)
    guard answer.status == 200 else { throw UnexpectedStatus(description: "\(url): status \(answer.status)") }
    return answer.text
  }

  /// The error of an answer with another status than 200.
  public struct UnexpectedStatus: Error, CustomStringConvertible {
    public let description: String
  }

  private static func exchange(
    _ method: String, _ url: String, headers: [String: String], body: [UInt8], user: String?, limit: Duration
  ) throws -> HTTPAnswer {
    let rest = url.hasPrefix("http://") ? url.dropFirst("http://".count) : url[...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let path = rest.dropFirst(authority.count)
    guard let colon = authority.firstIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...]) else {
      throw TimedOut("\(url): not an address of the form http://127.0.0.1:port/path")
    }
    let descriptor = try connect(port: port, limit: limit)
    defer { close(descriptor) }

    var head = "\(method) \(path.hasPrefix("/") ? "" : "/")\(path) HTTP/1.0\r\nHost: \(authority)\r\n"
    head += "Connection: close\r\n"
    if let user { head += "Authorization: Basic \(Data(user.utf8).base64EncodedString())\r\n" }
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
    try writeAll(descriptor, Array((head + "\r\n").utf8) + body)
    return try parse(try readAll(descriptor, url), url)
  }

  private static func connect(port: Int, limit: Duration) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemCallError("socket") }
    var time = timeval()
    time.tv_sec = max(1, Int(limit.components.seconds))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    var address = loopbackAddress(port: port)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard connected else {
      let error = SystemCallError("connect to 127.0.0.1:\(port)")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func readAll(_ descriptor: Int32, _ url: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw errno == EAGAIN ? TimedOut("\(url): no answer in time") : SystemCallError("recv from \(url)")
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  private static func parse(_ bytes: [UInt8], _ url: String) throws -> HTTPAnswer {
    let gap = Array("\r\n\r\n".utf8)
    guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: gap) }) else {
      throw TimedOut("\(url): the answer has no head")
    }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    guard let statusLine = lines.first?.split(separator: " "), statusLine.count >= 2, let status = Int(statusLine[1])
    else { throw TimedOut("\(url): the answer has no status") }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return HTTPAnswer(status: status, headers: headers, body: Array(bytes[(end + gap.count)...]))
  }
}

/// Writes all of `bytes` to a socket.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) throws {
  var offset = 0
  try bytes.withUnsafeBytes { buffer in
    while offset < buffer.count {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[offset...])
      let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemCallError("send")
      }
      offset += count
    }
  }
}
