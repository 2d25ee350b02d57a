import CCurl
import CCurlShims
import Synchronization

/// The thread that runs libcurl, and the box through which it gets its work.
final class TransferDriver: Sendable {
  typealias Continuation = CheckedContinuation<Result<HTTPResponse, HTTPFetchError>, Never>

  let configuration: HTTPClientConfiguration
  private let inbox: Mutex<Inbox>

  private struct Inbox {
    /// The handle to wake; nil before the thread runs and once it is about to clean up.
    /// Kept as an address, because pointers do not cross threads in the eyes of the compiler.
    var multi: UInt?
    var isRunning = false
    var isStopping = false
    var submitted: [(Transfer, Continuation)] = []
    var cancelled: [Transfer] = []
    var waitingForEnd: [CheckedContinuation<Void, Never>] = []

    func wake() {
      if let multi { curl_multi_wakeup(UnsafeMutableRawPointer(bitPattern: multi)) }
    }
  }

  init(_ configuration: HTTPClientConfiguration) {
    self.configuration = configuration
    inbox = Mutex(Inbox())
  }

  /// Hands a transfer to the thread, which is started by the first one.
  func submit(_ transfer: Transfer, _ continuation: Continuation) {
    let refusal: HTTPFetchError? = inbox.withLock { inbox in
      if transfer.isCancelled.load(ordering: .relaxed) { return .cancelled }
      if inbox.isStopping { return .shutDown }
      if !inbox.isRunning {
        guard DetachedThread.start({ self.run() }) else {
          return .other("no thread for network requests could be started")
        }
        inbox.isRunning = true
      }
      inbox.submitted.append((transfer, continuation))
      inbox.wake()
      return nil
    }
    if let refusal { continuation.resume(returning: .failure(refusal)) }
  }

  /// Asks the thread to end a transfer; one that has ended or was never submitted is left alone.
  func cancel(_ transfer: Transfer) {
    inbox.withLock { inbox in
      // Stored under the lock: a submission either sees it or comes before this entry of the list.
      transfer.isCancelled.store(true, ordering: .relaxed)
      guard inbox.isRunning, !inbox.isStopping else { return }
      inbox.cancelled.append(transfer)
      inbox.wake()
    }
  }

  /// Asks the thread to end everything, and itself.
  func stop(then continuation: CheckedContinuation<Void, Never>? = nil) {
    let isOver = inbox.withLock { inbox in
      inbox.isStopping = true
      inbox.wake()
      guard inbox.isRunning else { return true }
      if let continuation { inbox.waitingForEnd.append(continuation) }
      return false
    }
    if isOver { continuation?.resume() }
  }

  /// The thread's whole life.
  private func run() {
    _ = TransferDriver.globalInitialization
    var loop = TransferLoop(configuration)
    let address = loop.multi.map { UInt(bitPattern: $0) }
    inbox.withLock { $0.multi = address }
    while true {
      let (work, isStopping) = inbox.withLock { inbox in
        defer {
          inbox.submitted.removeAll(keepingCapacity: true)
          inbox.cancelled.removeAll(keepingCapacity: true)
        }
        return ((inbox.submitted, inbox.cancelled), inbox.isStopping)
      }
      for (transfer, continuation) in work.0 { loop.start(transfer, continuation) }
      for transfer in work.1 { loop.end(transfer, .failure(.cancelled)) }
      if isStopping { break }
      loop.step()
    }
    inbox.withLock { $0.multi = nil }
    loop.endAll(.shutDown)
    let (late, waiting) = inbox.withLock { inbox in
      inbox.isRunning = false
      defer {
        inbox.submitted = []
        inbox.waitingForEnd = []
      }
      return (inbox.submitted, inbox.waitingForEnd)
    }
    for (_, continuation) in late { continuation.resume(returning: .failure(.shutDown)) }
    for continuation in waiting { continuation.resume() }
  }

  private static let globalInitialization = curl_global_init(Int(CURL_GLOBAL_ALL))
}
