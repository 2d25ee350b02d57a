import CCurlShims
import Glibc
import Synchronization

/// Looks names up in the domain name system, each look-up on a thread of its own.
public enum NameService {
  /// The numeric addresses of a host, IPv4 or IPv6, sorted.
  ///
  /// - Throws: ``NameServiceError``.
  public static func addresses(of name: String, version6: Bool) async throws(NameServiceError) -> [String] {
    try await onOwnThread(name) { () throws(NameServiceError) in
      try lookUpAddresses(name, family: version6 ? AF_INET6 : AF_INET)
    }
  }

  /// The hosts and ports of a service (RFC 2782), sorted.
  ///
  /// - Throws: ``NameServiceError``.
  public static func services(of name: String) async throws(NameServiceError) -> [ServiceRecord] {
    try await onOwnThread(name) { () throws(NameServiceError) in
      var answer = [UInt8](repeating: 0, count: 65_536)
      let length = hc_resolve_services(name, &answer, CInt(answer.count))
      if length == -1 { throw NameServiceError(name: name, reason: "there is no service record of this name") }
      guard length >= 0 else { throw NameServiceError(name: name, reason: "the name servers do not answer") }
      var reader = ServiceAnswer(Array(answer[..<Int(length)]))
      guard let records = reader.records() else {
        throw NameServiceError(name: name, reason: "the name server's answer is malformed")
      }
      return Set(records).sorted()
    }
  }

  private static func lookUpAddresses(_ name: String, family: CInt) throws(NameServiceError) -> [String] {
    var hints = addrinfo()
    hints.ai_family = family
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, nil, &hints, &first)
    guard status == 0 else { throw NameServiceError(name: name, reason: String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(first) }
    var addresses: Set<String> = []
    var next = first
    while let entry = next {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let info = entry.pointee
      if getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
        addresses.insert(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
      next = info.ai_next
    }
    return addresses.sorted()
  }

  /// Runs `body` on a new thread; a cancelled task does not wait for its end.
  private static func onOwnThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws(NameServiceError) -> Value
  ) async throws(NameServiceError) -> Value {
    let job = LookUp(body)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        job.start(name, continuation)
      }
    } onCancel: {
      job.finish(.failure(NameServiceError(name: name, reason: "cancelled")))
    }
    return try result.get()
  }
}

/// One entry of a service's records.
public struct ServiceRecord: Sendable, Hashable, Comparable {
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  public static func < (left: ServiceRecord, right: ServiceRecord) -> Bool {
    left.host == right.host ? left.port < right.port : left.host < right.host
  }
}

/// Why a name could not be looked up.
public struct NameServiceError: Error, Sendable, Hashable, CustomStringConvertible {
  public let name: String
  public let reason: String

  public var description: String { "looking up \"\(name)\": \(reason)" }
}

/// A look-up under way: its result goes to the waiting task once, from the thread or from the cancellation.
private final class LookUp<Value: Sendable>: Sendable {
  typealias Outcome = Result<Value, NameServiceError>

  private let body: @Sendable () throws(NameServiceError) -> Value
  private let state = Mutex<State>(.idle)

  private enum State {
    case idle
    case waiting(CheckedContinuation<Outcome, Never>)
    case finished(Outcome)
  }

  init(_ body: @escaping @Sendable () throws(NameServiceError) -> Value) { self.body = body }

  func start(_ name: String, _ continuation: CheckedContinuation<Outcome, Never>) {
    let early: Outcome? = state.withLock { state in
      if case .finished(let outcome) = state { return outcome }
      state = .waiting(continuation)
      return nil
    }
    if let early { return continuation.resume(returning: early) }
    let job = self
    let isStarted = DetachedThread.start {
      job.finish(Outcome { () throws(NameServiceError) in try job.body() })
    }
    if !isStarted { finish(.failure(NameServiceError(name: name, reason: "no thread could be started"))) }
  }

  func finish(_ outcome: Outcome) {
    let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
      switch state {
      case .idle:
        state = .finished(outcome)
        return nil
      case .waiting(let continuation):
        state = .finished(outcome)
        return continuation
      case .finished:
        return nil
      }
    }
    continuation?.resume(returning: outcome)
  }
}
