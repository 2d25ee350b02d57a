import Exposition
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization
import TimeSeries

/// What all answers have in common: cross-origin headers, compression, answers for unknown paths and methods.
struct AnswerFinisher<Base: HTTPResponder>: HTTPResponder where Base.Context: RequestContext {
  /// Smaller answers are not worth packing, in bytes.
  private static var smallestPacked: Int { 1_024 }

  let base: Base
  /// The origins that may read answers; nil for all.
  let allowedOrigin: RegularExpression?
  /// The paths that are known with whatever method, by segments; those that begin with a colon are any text.
  let paths: [[String]]

  /// - Parameter paths: the paths of the routes.
  init(base: Base, allowedOrigin: RegularExpression?, paths: [String]) {
    self.base = base
    self.allowedOrigin = allowedOrigin
    self.paths = Set(paths).map(Self.segments)
  }

  func respond(to request: Request, context: Base.Context) async throws -> Response {
    var response = try await answer(request, context)
    if Self.isAPI(request) {
      addCrossOriginHeaders(request, &response)
      try await pack(request, &response)
    }
    return response
  }

  private static func isAPI(_ request: Request) -> Bool { request.uri.path.hasPrefix("/api/v1/") }

  private func answer(_ request: Request, _ context: Base.Context) async throws -> Response {
    if request.method == .options {
      if Self.isAPI(request) { return Response(status: .noContent) }
      return Response(status: .ok, headers: [.allow: "GET, HEAD, OPTIONS"])
    }
    let response = try await base.respond(to: request, context: context)
    // A refusal of the router itself has no body of any type.
    if response.status == .notFound, response.headers[.contentType] == nil {
      return isKnown(request.uri.path)
        ? .text("Method Not Allowed", status: .methodNotAllowed) : .text("404 page not found", status: .notFound)
    }
    return response
  }

  private static func segments(_ path: String) -> [String] {
    path.split(separator: "/").map { $0.hasPrefix("{") ? ":" : String($0) }
  }

  private func isKnown(_ path: String) -> Bool {
    let segments = path.split(separator: "/").map(String.init)
    return paths.contains { known in
      known.count == segments.count && zip(known, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
    }
  }

  private func addCrossOriginHeaders(_ request: Request, _ response: inout Response) {
    response.headers[.vary] = response.headers[.vary].map { $0 + ", Origin" } ?? "Origin"
    guard let origin = request.headers[.origin], !origin.isEmpty,
      allowedOrigin.map({ $0.matchesWhole(origin) }) ?? true
    else { return }
    response.headers[.accessControlAllowOrigin] = origin
    response.headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
    response.headers[.accessControlAllowHeaders] = "Accept, Authorization, Content-Type, Origin"
    response.headers[.accessControlExposeHeaders] = "Date"
  }

  private func pack(_ request: Request, _ response: inout Response) async throws {
    guard Self.acceptsGzip(request.headers[.acceptEncoding] ?? ""), response.headers[.contentEncoding] == nil,
      let length = response.body.contentLength, length >= Self.smallestPacked
    else { return }
    let collected = CollectedBody()
    try await response.body.write(BodyCollector(body: collected))
    let bytes = collected.bytes.withLock { $0 }
    guard let packed = Gzip.compress(bytes) else {
      response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
      return
    }
    response.headers[.contentEncoding] = "gzip"
    response.headers[.vary] = "Accept-Encoding, \(response.headers[.vary] ?? "")"
    response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: packed))
  }

  /// Whether a client takes gzip; `q=0` means that it does not.
  static func acceptsGzip(_ header: String) -> Bool {
    header.lowercased().split(separator: ",").contains { entry in
      let parts = entry.split(separator: ";").map { $0.filter { $0 != " " } }
      return ["gzip", "*"].contains(parts.first)
        && !parts.dropFirst().contains { $0.hasPrefix("q=0") && !$0.contains(where: "123456789".contains) }
    }
  }
}

/// The bytes of a body that is written to memory.
private final class CollectedBody: Sendable {
  let bytes = Mutex<[UInt8]>([])
}

/// Writes a body to memory.
private struct BodyCollector: ResponseBodyWriter {
  let body: CollectedBody

  mutating func write(_ buffer: ByteBuffer) async throws {
    body.bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
