import CCurl
import Synchronization

/// An HTTP client: any number of requests at once over one network thread, with kept connections.
///
/// All of libcurl runs on that thread (`curl_multi`), so a server that hangs never holds a thread of the concurrency
/// runtime. The thread ends with ``shutdown()`` or with the client itself.
public final class HTTPClient: Sendable {
  private let driver: TransferDriver

  public init(configuration: HTTPClientConfiguration = HTTPClientConfiguration()) {
    driver = TransferDriver(configuration)
  }

  deinit { driver.stop() }

  /// Sends a request and gives the response, whatever its status.
  ///
  /// Cancelling the task ends the request.
  ///
  /// - Throws: ``HTTPFetchError``.
  public func fetch(_ request: HTTPRequest) async throws(HTTPFetchError) -> HTTPResponse {
    let transfer = Transfer(request, userAgent: driver.configuration.userAgent)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        driver.submit(transfer, continuation)
      }
    } onCancel: {
      driver.cancel(transfer)
    }
    return try result.get()
  }

  /// Ends all requests with ``HTTPFetchError/shutDown``, closes all connections and returns when the network thread is
  /// about to end. Later requests fail at once.
  public func shutdown() async {
    await withCheckedContinuation { driver.stop(then: $0) }
  }
}

/// What all requests of an ``HTTPClient`` share.
public struct HTTPClientConfiguration: Sendable {
  /// The `User-Agent` header.
  public var userAgent: String
  /// How many idle connections are kept.
  public var maximumConnections: Int

  public init(userAgent: String = "harecast", maximumConnections: Int = 64) {
    self.userAgent = userAgent
    self.maximumConnections = maximumConnections
  }
}
