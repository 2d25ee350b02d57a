import CCurl
import CCurlShims

/// The running transfers of one multi handle. Used by one thread only.
struct TransferLoop {
  let multi: UnsafeMutableRawPointer?
  private var running: [ObjectIdentifier: Running] = [:]
  private var idleHandles: [UnsafeMutableRawPointer] = []

  private struct Running {
    var transfer: Transfer
    var easy: UnsafeMutableRawPointer
    var continuation: TransferDriver.Continuation
  }

  init(_ configuration: HTTPClientConfiguration) {
    multi = curl_multi_init()
    hc_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, configuration.maximumConnections))
  }

  mutating func start(_ transfer: Transfer, _ continuation: TransferDriver.Continuation) {
    guard let multi, let easy = idleHandles.popLast() ?? curl_easy_init() else {
      continuation.resume(returning: .failure(.other("libcurl could not be initialized")))
      return
    }
    if let error = transfer.configure(easy) {
      recycle(easy, transfer)
      continuation.resume(returning: .failure(error))
      return
    }
    let status = curl_multi_add_handle(multi, easy)
    guard status == CURLM_OK else {
      recycle(easy, transfer)
      continuation.resume(returning: .failure(.other(String(cString: curl_multi_strerror(status)))))
      return
    }
    running[ObjectIdentifier(transfer)] = Running(transfer: transfer, easy: easy, continuation: continuation)
  }

  /// Ends a transfer if it is running.
  mutating func end(_ transfer: Transfer, _ result: Result<HTTPResponse, HTTPFetchError>) {
    guard let entry = running.removeValue(forKey: ObjectIdentifier(transfer)) else { return }
    curl_multi_remove_handle(multi, entry.easy)
    recycle(entry.easy, transfer)
    entry.continuation.resume(returning: result)
  }

  /// Moves all transfers on, ends those that are done, and waits until something can be done or somebody wakes it.
  mutating func step() {
    var count: CInt = 0
    curl_multi_perform(multi, &count)
    var remaining: CInt = 0
    while let message = curl_multi_info_read(multi, &remaining) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = message.pointee.data.result
      guard let context = hc_easy_get_private(easy) else { continue }
      let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
      end(transfer, transfer.result(easy, code))
    }
    // libcurl shortens the wait to its own next deadline.
    if curl_multi_poll(multi, nil, 0, 60_000, nil) != CURLM_OK {
      endAllRunning(.other("waiting for the network failed"))
    }
  }

  /// Ends all transfers and frees everything.
  mutating func endAll(_ error: HTTPFetchError) {
    endAllRunning(error)
    for easy in idleHandles { curl_easy_cleanup(easy) }
    idleHandles = []
    if let multi { curl_multi_cleanup(multi) }
  }

  private mutating func endAllRunning(_ error: HTTPFetchError) {
    for entry in running.values { end(entry.transfer, .failure(error)) }
  }

  private mutating func recycle(_ easy: UnsafeMutableRawPointer, _ transfer: Transfer) {
    curl_easy_reset(easy)
    transfer.releaseLists()
    if idleHandles.count < 16 { idleHandles.append(easy) } else { curl_easy_cleanup(easy) }
  }
}
