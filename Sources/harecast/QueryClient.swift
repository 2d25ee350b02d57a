import ArgumentParser
import Collection
import Foundation
import HTTPFetch

/// Asks servers that speak Prometheus's query API.
struct QueryClient {
  /// How servers are reached, and as whom.
  var access = HTTPAccess()

  /// The address of a server without slashes at its end; `http` where no scheme is given.
  static func address(_ text: String) throws -> String {
    var server = text.contains("://") ? text : "http://\(text)"
    while server.hasSuffix("/") { server.removeLast() }
    guard let url = URL(string: server), let scheme = url.scheme, ["http", "https"].contains(scheme), url.host != nil
    else { throw ValidationError("\"\(text)\" is not the address of a server") }
    return server
  }

  /// The `data` of the server's answer. As clients do, a form is posted first; a server that knows only `GET` gets that.
  func ask(
    _ server: String, _ path: String, _ form: [(String, String)], headers: [String] = [], method: String = "POST"
  ) async throws -> Any {
    let body = form.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
    var fields: [HTTPHeader] = []
    for header in headers {
      guard let separator = header.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
        throw ValidationError("--header: \"\(header)\" is not NAME=VALUE")
      }
      let value = header[header.index(after: separator)...].trimmingCharacters(in: .whitespaces)
      fields.append(HTTPHeader(String(header[..<separator]), value))
    }
    let address = "\(server)/api/v1/\(path)"
    let client = HTTPClient(configuration: HTTPClientConfiguration(userAgent: "harecast/\(Harecast.version)"))
    let response: HTTPResponse
    do {
      var answer = HTTPResponse(status: 405)
      if method == "POST" {
        let type = HTTPHeader("Content-Type", "application/x-www-form-urlencoded")
        answer = try await client.fetch(try request(address, fields + [type], body: Array(body.utf8)))
      }
      if [405, 501].contains(answer.status) {
        answer = try await client.fetch(try request("\(address)?\(body)", fields, body: nil))
      }
      response = answer
      await client.shutdown()
    } catch {
      await client.shutdown()
      throw Self.fail("query error: \(error)")
    }
    return try data(of: response)
  }

  private func request(_ url: String, _ headers: [HTTPHeader], body: [UInt8]?) throws(FileError) -> HTTPRequest {
    var request = HTTPRequest(url: url, headers: headers, body: body)
    request.timeout = 120_000
    request.bodySizeLimit = 1 << 30
    try access.apply(to: &request)
    return request
  }

  private func data(of response: HTTPResponse) throws -> Any {
    let object = try? JSONSerialization.jsonObject(with: Data(response.body), options: [.fragmentsAllowed])
    guard let answer = object as? [String: Any], let status = answer["status"] as? String else {
      let text = String(decoding: response.body.prefix(500), as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
      let hint = response.status == 401 && !access.isAuthenticated ? " (--http.config.file says who asks)" : ""
      throw Self.fail("query error: the server answered \(response.status): \(text)\(hint)")
    }
    guard status == "success", let data = answer["data"] else {
      throw Self.fail("query error: \(answer["errorType"] ?? "error"): \(answer["error"] ?? "")")
    }
    for warning in (answer["warnings"] as? [String]) ?? [] { CommandOutput.complain("query warning: \(warning)") }
    return data
  }

  /// Says what is wrong; the error to throw.
  static func fail(_ message: String) -> ExitCode {
    CommandOutput.complain(message)
    return ExitCode(1)
  }

  /// `text` as part of a URL.
  static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let isPlain =
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || "-._~".utf8.contains(byte)
      result +=
        isPlain ? String(UnicodeScalar(byte)) : (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
    }
    return result
  }
}
