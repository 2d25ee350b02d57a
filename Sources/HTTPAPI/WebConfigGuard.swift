import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Encrypts connections as the web configuration says at the moment when they are made.
struct WebConfigChannel: HTTPChannelHandler {
  typealias Value = HTTP1Channel.Value

  let base: HTTP1Channel
  let source: WebConfigSource?

  var responder: HTTPChannelHandler.Responder { base.responder }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    guard let tls = source?.current().tls else { return base.setup(channel: channel, logger: logger) }
    return channel.eventLoop.makeCompletedFuture {
      for handler in tls.handlers() { try channel.pipeline.syncOperations.addHandler(handler) }
    }.flatMap { base.setup(channel: channel, logger: logger) }
  }

  func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

/// Stands before all routes: nothing is answered to whom the web configuration does not know.
struct WebConfigGuard<Base: HTTPResponder>: HTTPResponder where Base.Context: RequestContext {
  let base: Base
  let source: WebConfigSource?
  let passwords = PasswordCheck()

  func respond(to request: Request, context: Base.Context) async throws -> Response {
    guard let configuration = source?.current().configuration else {
      return try await base.respond(to: request, context: context)
    }
    var response: Response
    switch await admit(request, configuration) {
    case .good: response = try await answer(request, context)
    case .busy: response = .text("Too many passwords are being checked.", status: .serviceUnavailable)
    case .bad:
      response = .text("Unauthorized", status: .unauthorized)
      response.headers[.wwwAuthenticate] = "Basic"
    }
    for (name, value) in configuration.headers {
      if let field = HTTPField.Name(name) { response.headers[field] = value }
    }
    return response
  }

  /// The answer of the routes; an error becomes one here, so that it carries the header fields too.
  private func answer(_ request: Request, _ context: Base.Context) async throws -> Response {
    do {
      return try await base.respond(to: request, context: context)
    } catch let error as any HTTPResponseError {
      return try error.response(from: request, context: context)
    }
  }

  private func admit(_ request: Request, _ configuration: WebConfiguration) async -> PasswordCheck.Verdict {
    if configuration.users.isEmpty { return .good }
    guard let (user, password) = Self.credentials(request.headers[.authorization] ?? "") else { return .bad }
    return await passwords.check(user, password, configuration.users)
  }

  /// User and password of a header field for basic authentication (RFC 7617).
  static func credentials(_ header: String) -> (user: String, password: [UInt8])? {
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "basic", words[1].utf8.count <= 4096,
      let bytes = Base64.decode(words[1].utf8), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let user = String(validating: bytes[..<colon], as: UTF8.self)
    else { return nil }
    return (user, Array(bytes[(colon + 1)...]))
  }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
  /// The bytes of a text with its padding; nil if it is not valid.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text {
      let value: UInt32
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(byte) - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(byte) - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte) + 4
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        padding += 1
        value = 0
      default: return nil
      }
      if padding > 0, byte != UInt8(ascii: "=") { return nil }
      bits = bits << 6 | value
      count += 1
      if count % 4 == 0 {
        for shift in [16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        bits = 0
      }
    }
    guard padding <= 2 else { return nil }
    return bytes.dropLast(padding)
  }
}
