import Collection
import HTTPTypes
import Hummingbird
import NIOCore

/// `POST /api/v1/write`: what Prometheus and its agents send.
struct WriteAPI: Sendable {
  let receiver: RemoteWriteReceiver
  private let executor = QueryExecutor()

  init(receiver: RemoteWriteReceiver) { self.receiver = receiver }

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.post("/api/v1/write") { request, _ in await answer(request) }
  }

  private func answer(_ request: Request) async -> Response {
    // What is refused is refused before its body is read.
    if let length = request.headers[.contentLength].flatMap({ Int($0) }),
      let refusal = receiver.refusal(bodyBytes: length)
    {
      return Self.response(refusal)
    }
    guard receiver.enter() else {
      return Self.response(
        WriteAnswer(
          status: 503, text: "too many remote-write requests at once: the limit is \(receiver.maximumConcurrency)",
          headers: [("Retry-After", "1")]))
    }
    defer { receiver.leave() }
    let body: ByteBuffer
    do {
      body = try await collect(request)
    } catch is SlowBody {
      return Self.response(receiver.refusalOfSlowBody())
    } catch is NIOTooManyBytesError {
      return Self.response(
        receiver.refusal(bodyBytes: receiver.limits.bodyBytes + 1) ?? WriteAnswer(status: 413, text: "too large"))
    } catch {
      return Self.response(WriteAnswer(status: 400, text: "the body ended early"))
    }
    let (contentType, encoding) = (request.headers[.contentType], request.headers[.contentEncoding])
    return await withTaskExecutorPreference(executor) {
      let pending = body.withUnsafeReadableBytes {
        receiver.receive($0, contentType: contentType, contentEncoding: encoding)
      }
      return Self.response(await receiver.finish(pending))
    }
  }

  /// A body that did not arrive in time.
  private struct SlowBody: Error {}

  /// The body, if it arrives in time: a sender that trickles must not hold one of the few places for ever.
  private func collect(_ request: Request) async throws -> ByteBuffer {
    let (limit, timeout) = (receiver.limits.bodyBytes, receiver.bodyTimeout)
    return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
      group.addTask { try await request.body.collect(upTo: limit) }
      group.addTask {
        try await Task.sleep(for: .milliseconds(timeout))
        throw SlowBody()
      }
      defer { group.cancelAll() }
      guard let body = try await group.next() else { throw CancellationError() }
      return body
    }
  }

  private static func response(_ answer: WriteAnswer) -> Response {
    var headers = HTTPFields()
    for (name, value) in answer.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    guard !answer.text.isEmpty else {
      return Response(status: HTTPResponse.Status(code: answer.status), headers: headers)
    }
    headers[.contentType] = "text/plain; charset=utf-8"
    return Response(
      status: HTTPResponse.Status(code: answer.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(string: answer.text + "\n")))
  }
}
