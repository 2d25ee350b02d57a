import Foundation
import Synchronization

/// The error of a system call that failed.
public struct SystemCallError: Error, CustomStringConvertible {
  public let description: String

  init(_ call: String, code: Int32 = errno) {
    description = "\(call): \(String(cString: strerror(code)))"
  }
}

private let givenPorts = Mutex<Set<Int>>([])

/// Returns `count` TCP ports of 127.0.0.1 on which nothing listens now, none of them twice in this
/// process.
///
/// - Throws: ``SystemCallError``.
public func freeLoopbackPorts(_ count: Int) throws -> [Int] {
  var ports: [Int] = []
  var sockets: [Int32] = []
  // All are held until the last is found, so that the system does not give one twice.
  defer { for socket in sockets { close(socket) } }
  while ports.count < count {
    let (socket, port) = try bindLoopback(port: 0)
    sockets.append(socket)
    if givenPorts.withLock({ $0.insert(port).inserted }) { ports.append(port) }
  }
  return ports
}

/// Returns one port as ``freeLoopbackPorts(_:)`` does.
///
/// - Throws: ``SystemCallError``.
public func freeLoopbackPort() throws -> Int {
  guard let port = try freeLoopbackPorts(1).first else { throw SystemCallError("bind", code: EADDRINUSE) }
  return port
}

/// Opens a TCP socket bound to `port` of 127.0.0.1, or to one of the system's choice if it is 0.
func bindLoopback(port: Int) throws -> (socket: Int32, port: Int) {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { throw SystemCallError("socket") }
  var reuse: Int32 = 1
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
  var address = loopbackAddress(port: port)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let bound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
      bind(descriptor, generic, length) == 0 && getsockname(descriptor, generic, &length) == 0
    }
  }
  guard bound else {
    let error = SystemCallError("bind 127.0.0.1:\(port)")
    close(descriptor)
    throw error
  }
  return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

func loopbackAddress(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return address
}
