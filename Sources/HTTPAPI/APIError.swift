import HTTPTypes
import Hummingbird

/// An error as Prometheus's HTTP API reports it.
struct APIError: Error, Equatable {
  /// Prometheus's error types with their HTTP status.
  enum Kind: String {
    case badData = "bad_data"
    case execution
    case timeout
    case canceled
    case unavailable
    case notFound = "not_found"
    case forbidden
    case `internal` = "internal"

    var status: HTTPResponse.Status {
      switch self {
      case .badData: .badRequest
      case .execution: .unprocessableContent
      case .timeout, .unavailable: .serviceUnavailable
      case .canceled: HTTPResponse.Status(code: 499)
      case .notFound: .notFound
      case .forbidden: .forbidden
      case .internal: .internalServerError
      }
    }
  }

  let kind: Kind
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  var response: Response {
    var json = JSONWriter()
    json.beginObject()
    json.key("status")
    json.string("error")
    json.key("errorType")
    json.string(kind.rawValue)
    json.key("error")
    json.string(message)
    json.endObject()
    return Response.json(json.bytes, status: kind.status)
  }
}

extension Response {
  /// An answer of JSON bytes.
  static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// The answer of a query that went well; `write` fills the object `data`.
  static func success(_ write: (inout JSONWriter) -> Void) -> Response {
    var json = JSONWriter()
    json.beginObject()
    json.pair("status", "success")
    json.key("data")
    json.beginObject()
    write(&json)
    json.endObject()
    json.endObject()
    return .json(json.bytes)
  }

  /// An answer of one line of text.
  static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "text/plain; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
  }
}
