import Glibc
import HTTPFetch
import HarecastTestKit
import Testing

/// Against OpenSSL's own test server, with certificates made for the occasion.
@Suite("TLS", .enabled(if: access("/usr/bin/openssl", X_OK) == 0), .timeLimit(.minutes(2)))
struct TLSTests {
  let client = HTTPClient()
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func file(_ name: String) -> String { "\(folder.path)/\(name)" }

  func openssl(_ arguments: String) async throws {
    let words = arguments.split(separator: " ").map { String($0).replacing("@", with: folder.path + "/") }
    let code = try await ManagedProcess("/usr/bin/openssl", words).waitForExit()
    try #require(code == 0)
  }

  /// Makes an authority and certificates of it for the server `broker.test` and for a client.
  func makeCertificates() async throws {
    let key = "-newkey rsa:2048 -nodes"
    try await openssl("req -x509 \(key) -keyout @ca.key -out @ca.pem -days 2 -subj /CN=authority")
    try folder.write("subjectAltName=DNS:broker.test", to: "names")
    for name in ["server", "client"] {
      try await openssl("req \(key) -keyout @\(name).key -out @\(name).csr -subj /CN=\(name)")
      try await openssl(
        "x509 -req -in @\(name).csr -CA @ca.pem -CAkey @ca.key -CAcreateserial -days 2 -out @\(name).pem -extfile @names"
      )
    }
  }

  func serve(_ further: String = "") async throws -> (process: ManagedProcess, url: String) {
    let port = try freeLoopbackPort()
    let arguments = "s_server -accept 127.0.0.1:\(port) -cert @server.pem -key @server.key -www \(further)"
    let words = arguments.split(separator: " ").map { String($0).replacing("@", with: folder.path + "/") }
    let process = try ManagedProcess("/usr/bin/openssl", words)
    try await process.waitForLine(containing: "ACCEPT")
    return (process, "https://127.0.0.1:\(port)/")
  }

  func fetch(_ url: String, _ change: (inout TLSOptions) -> Void) async -> Result<HTTPResponse, HTTPFetchError> {
    var request = HTTPRequest(url: url)
    request.timeout = 20_000
    change(&request.tls)
    return await Result { () async throws(HTTPFetchError) in try await client.fetch(request) }
  }

  func isTLSError(_ result: Result<HTTPResponse, HTTPFetchError>) -> Bool {
    if case .failure(.tls) = result { true } else { false }
  }

  @Test("a server is trusted by its authority and its name, and not otherwise")
  func trust() async throws {
    try await makeCertificates()
    let (process, url) = try await serve()
    let authority = TLSOptions.PEM.file(file("ca.pem"))
    #expect(isTLSError(await fetch(url) { _ in }))
    #expect(isTLSError(await fetch(url) { $0.authority = authority }))
    let named = await fetch(url) {
      $0.authority = authority
      $0.serverName = "broker.test"
    }
    #expect(try named.get().status == 200)
    #expect(try await fetch(url) { $0.isVerificationOff = true }.get().status == 200)
    await process.stop()
  }

  @Test("a client shows its certificate, its key from a file or from memory")
  func clientCertificate() async throws {
    try await makeCertificates()
    let (process, url) = try await serve("-Verify 1 -verify_return_error -CAfile @ca.pem")
    let key = try Secrets.text(file("client.key"))
    #expect(isTLSError(await fetch(url) { $0.isVerificationOff = true }))
    for key in [TLSOptions.PEM.file(file("client.key")), .text(key)] {
      let result = await fetch(url) {
        $0.isVerificationOff = true
        $0.certificate = .file(file("client.pem"))
        $0.key = key
      }
      #expect(try result.get().status == 200)
    }
    await process.stop()
  }

  @Test("a server that is too old for the least version is refused")
  func minimumVersion() async throws {
    try await makeCertificates()
    let (process, url) = try await serve("-tls1_2")
    #expect(
      isTLSError(
        await fetch(url) {
          $0.isVerificationOff = true
          $0.minimumVersion = .tls13
        }))
    #expect(try await fetch(url) { $0.isVerificationOff = true }.get().status == 200)
    await process.stop()
  }

  private enum Secrets {
    static func text(_ path: String) throws -> String {
      let file = try #require(fopen(path, "r"))
      defer { fclose(file) }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = fread(&bytes, 1, bytes.count, file)
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
  }
}
