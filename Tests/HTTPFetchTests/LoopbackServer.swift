import Glibc
import Synchronization

/// A server on a free loopback port that does with each connection whatever a test says. It speaks bytes, not HTTP, so
/// that it can misbehave.
final class LoopbackServer: Sendable {
  let port: UInt16
  private let listener: CInt
  private let connections = Mutex<[CInt: Bool]>([:])
  private let handler: @Sendable (Connection) -> Void

  /// Serves every connection on a thread of its own.
  init(_ handler: @escaping @Sendable (Connection) -> Void) throws {
    self.handler = handler
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 128) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard listener >= 0, bound else { throw ServerError() }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
  }

  struct ServerError: Error {}

  /// Starts to accept connections and gives the server itself.
  func started() -> LoopbackServer {
    let server = self
    LoopbackServer.onThread { server.accept() }
    return self
  }

  /// Answers each request of every connection, which is kept open, with what `answer` makes of the request's head.
  static func answering(_ answer: @escaping @Sendable (String) -> [UInt8]) throws -> LoopbackServer {
    try LoopbackServer { connection in
      while let head = connection.readHead() {
        guard connection.send(answer(head)) else { return }
      }
    }.started()
  }

  /// A complete response.
  static func response(
    _ body: [UInt8], status: String = "200 OK", type: String = "text/plain; version=0.0.4", headers: [String] = []
  ) -> [UInt8] {
    let lines = ["HTTP/1.1 \(status)", "Content-Type: \(type)", "Content-Length: \(body.count)"] + headers
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
  }

  var url: String { "http://127.0.0.1:\(port)" }

  /// Closes everything; the threads end.
  func stop() {
    shutdown(listener, CInt(SHUT_RDWR))
    connections.withLock { for descriptor in $0.keys { shutdown(descriptor, CInt(SHUT_RDWR)) } }
  }

  private func accept() {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      if descriptor < 0 { break }
      var on: CInt = 1
      setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
      connections.withLock { $0[descriptor] = true }
      let server = self
      LoopbackServer.onThread {
        server.handler(Connection(descriptor))
        _ = server.connections.withLock { $0.removeValue(forKey: descriptor) }
        close(descriptor)
      }
    }
    close(listener)
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func onThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Work(body)).toOpaque())
    if status == 0 { pthread_detach(thread) }
  }
}

/// The server's end of a connection.
struct Connection: Sendable {
  let descriptor: CInt

  init(_ descriptor: CInt) { self.descriptor = descriptor }

  /// Reads up to the blank line that ends a request's head; nil once the peer has closed.
  func readHead() -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while recv(descriptor, &byte, 1, 0) == 1 {
      bytes.append(byte)
      if bytes.suffix(4) == [13, 10, 13, 10] { return String(decoding: bytes, as: UTF8.self) }
    }
    return nil
  }

  func read(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while bytes.count < count, recv(descriptor, &byte, 1, 0) == 1 { bytes.append(byte) }
    return bytes
  }

  /// Sends all bytes; false once the peer has closed.
  func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.send(descriptor, buffer.baseAddress.map { $0 + sent }, bytes.count - sent, CInt(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Waits until the peer closes.
  func waitForClose() {
    var byte: UInt8 = 0
    while recv(descriptor, &byte, 1, 0) > 0 {}
  }

  /// Waits for `milliseconds` or until the peer closes; false if it closed.
  func pause(_ milliseconds: CInt) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) == 0
  }

  /// Makes the close that follows a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}
