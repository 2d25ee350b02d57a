import Foundation
import Synchronization

/// An HTTP server on 127.0.0.1 that answers what a test tells it to, well or badly.
///
/// It answers one request after the other on a kept-alive connection, each connection on its own thread.
public final class StaticHTTPServer: Sendable {
  /// A request as it arrived.
  public struct Request: Sendable {
    public var method: String
    /// The path with its query.
    public var target: String
    /// Header names in lower case.
    public var headers: [String: String]
    public var body: [UInt8]
    fileprivate var isHTTP11 = true

    /// The path without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }
  }

  /// What to answer.
  public struct Response: Sendable {
    public var status: Int
    public var headers: [String: String]
    public var body: [UInt8]
    /// How long to wait before the first byte.
    public var delay: Duration
    /// The `Content-Length` to claim, if not the true one; the connection is closed after the body.
    public var declaredLength: Int?

    public init(
      status: Int = 200, headers: [String: String] = ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"],
      body: [UInt8] = [], delay: Duration = .zero, declaredLength: Int? = nil
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.delay = delay
      self.declaredLength = declaredLength
    }

    /// An answer of text in the exposition format's content type.
    public static func text(_ text: String) -> Response { Response(body: Array(text.utf8)) }

    /// An answer of JSON.
    public static func json(_ text: String) -> Response {
      Response(headers: ["Content-Type": "application/json"], body: Array(text.utf8))
    }
  }

  private struct State {
    var handler: @Sendable (Request) -> Response
    var requests: [Request] = []
    var connections: Set<Int32> = []
    var isStopped = false
  }

  private let state: Mutex<State>
  private let listener: Int32
  /// The port of 127.0.0.1.
  public let port: Int

  /// Starts a server that answers what `handler` returns.
  ///
  /// - Throws: ``SystemCallError``.
  public init(port: Int = 0, handler: @escaping @Sendable (Request) -> Response) throws {
    (listener, self.port) = try bindLoopback(port: port)
    state = Mutex(State(handler: handler))
    guard listen(listener, 128) == 0 else { throw SystemCallError("listen") }
    let listener = listener
    // The thread must not keep the server alive, or it would never be stopped by going out of use.
    Thread.detachNewThread { [weak self] in
      defer { close(listener) }
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          return
        }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        guard let self, self.admit(connection) else {
          close(connection)
          return
        }
        Thread.detachNewThread { [weak self] in
          StaticHTTPServer.serve(connection) { self?.answer($0) }
          if self?.dismiss(connection) ?? true { close(connection) }
        }
      }
    }
  }

  /// Starts a server that answers the responses of these paths (without query), and 404 to others.
  ///
  /// - Throws: ``SystemCallError``.
  public convenience init(port: Int = 0, _ responses: [String: Response]) throws {
    try self.init(port: port) { responses[$0.path] ?? Response(status: 404) }
  }

  deinit { stop() }

  /// `http://127.0.0.1:port`.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// The requests so far, oldest first.
  public var requests: [Request] { state.withLock { $0.requests } }

  /// Answers differently from the next request on.
  public func setHandler(_ handler: @escaping @Sendable (Request) -> Response) {
    state.withLock { $0.handler = handler }
  }

  /// Stops listening and cuts every connection.
  public func stop() {
    let first = state.withLock { state in
      if state.isStopped { return false }
      state.isStopped = true
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
      return true
    }
    // This wakes the accepting thread. Closing is left to it: closed here, the descriptor could be
    // another server's by the time the thread accepts on it.
    if first { shutdown(listener, Int32(SHUT_RDWR)) }
  }

  private func admit(_ connection: Int32) -> Bool {
    state.withLock { state in
      if !state.isStopped { state.connections.insert(connection) }
      return !state.isStopped
    }
  }

  /// Forgets a connection, and says whether it was known.
  private func dismiss(_ connection: Int32) -> Bool {
    state.withLock { $0.connections.remove(connection) != nil }
  }

  private func answer(_ request: Request) -> Response {
    let handler = state.withLock { state in
      state.requests.append(request)
      return state.handler
    }
    return handler(request)
  }

  private static func serve(_ connection: Int32, answer: (Request) -> Response?) {
    var noDelay: Int32 = 1
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
    var pending: [UInt8] = []
    while let request = readRequest(connection, &pending), let response = answer(request) {
      let (seconds, attoseconds) = response.delay.components
      if response.delay > .zero { usleep(UInt32(seconds) * 1_000_000 + UInt32(attoseconds / 1_000_000_000_000)) }
      let keepAlive = request.isHTTP11 && request.headers["connection"]?.lowercased() != "close"
      let close = response.declaredLength != nil || !keepAlive
      var head = "HTTP/1.1 \(response.status) \(response.status == 200 ? "OK" : "Status")\r\n"
      for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
      head += "Content-Length: \(response.declaredLength ?? response.body.count)\r\n"
      head += close ? "Connection: close\r\n\r\n" : "\r\n"
      do { try writeAll(connection, Array(head.utf8) + response.body) } catch { return }
      if close { return }
    }
  }

  /// Reads one request with its body, or nil at the end of the connection.
  private static func readRequest(_ connection: Int32, _ pending: inout [UInt8]) -> Request? {
    let gap = Array("\r\n\r\n".utf8)
    var searched = 0
    while true {
      if let end = pending.indices.dropFirst(max(0, searched - 3)).first(where: { pending[$0...].starts(with: gap) }) {
        var request = parseHead(pending[..<end])
        let length = Int(request.headers["content-length"] ?? "") ?? 0
        while pending.count < end + gap.count + length {
          guard receive(connection, &pending) else { return nil }
        }
        let bodyEnd = end + gap.count + max(0, length)
        request.body = Array(pending[(end + gap.count)..<bodyEnd])
        pending.removeFirst(bodyEnd)
        return request
      }
      searched = pending.count
      guard receive(connection, &pending) else { return nil }
    }
  }

  private static func receive(_ connection: Int32, _ pending: inout [UInt8]) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = recv(connection, &chunk, chunk.count, 0)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      pending.append(contentsOf: chunk[..<count])
      return true
    }
  }

  private static func parseHead(_ head: ArraySlice<UInt8>) -> Request {
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let words = (lines.first ?? "").split(separator: " ")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return Request(
      method: words.first.map(String.init) ?? "", target: words.dropFirst().first.map(String.init) ?? "",
      headers: headers, body: [], isHTTP11: words.last == "HTTP/1.1")
  }
}
