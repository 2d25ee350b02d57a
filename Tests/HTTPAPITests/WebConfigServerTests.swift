import Collection
import Exposition
import Glibc
import HTTPFetch
import HarecastTestKit
import Hummingbird
import Logging
import Operations
import PromQL
import Rules
import SeriesStore
import Synchronization
import Testing
import TimeSeries

@testable import HTTPAPI

/// A responder that is never asked, to name a generic type.
struct NoResponder: HTTPResponder {
  func respond(to request: Request, context: BasicRequestContext) async throws -> Response { Response(status: .ok) }
}

/// An HTTP server in this process with a web configuration of a test's choosing.
struct WebServerHarness {
  static let hashOfABC = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"

  let folder: TemporaryFolder
  let client = HTTPClient()

  init() throws { folder = try TemporaryFolder() }

  func openssl(_ arguments: String) async throws {
    let words = arguments.split(separator: " ").map { String($0).replacing("@", with: folder.path + "/") }
    let code = try await ManagedProcess("/usr/bin/openssl", words).waitForExit()
    try #require(code == 0)
  }

  /// Makes an authority, and certificates of it for 127.0.0.1 and for a client.
  func makeCertificates(_ names: [String] = ["server", "client"]) async throws {
    let key = "-newkey rsa:2048 -nodes"
    if access("\(folder.path)/ca.pem", R_OK) != 0 {
      try await openssl("req -x509 \(key) -keyout @ca.key -out @ca.pem -days 2 -subj /CN=authority")
    }
    for name in names {
      try folder.write("subjectAltName=IP:127.0.0.1,DNS:\(name).test", to: "names")
      try await openssl("req \(key) -keyout @\(name).key -out @\(name).csr -subj /CN=\(name)")
      try await openssl(
        "x509 -req -in @\(name).csr -CA @ca.pem -CAkey @ca.key -CAcreateserial -days 2 -out @\(name).pem -extfile @names"
      )
    }
  }

  func serve(
    _ configuration: String, incidents: IncidentWatch? = nil, writer: RemoteWriteReceiver? = nil,
    _ body: (_ port: Int) async throws -> Void
  ) async throws {
    let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let path = try folder.write(configuration, to: "web.yml")
    let (store, engine, registry) = (SeriesStore(), QueryEngine(), MetricRegistry())
    var context = HTTPServerContext(
      store: store, engine: engine, time: SystemTime(),
      metrics: MetricsPage(store: store, registry: registry, time: SystemTime(), recorded: { [:] }),
      registry: registry, rules: RuleManager(store: store, engine: engine, registry: registry), isReady: { true },
      targets: { [] }, droppedTargets: { [:] }, reload: nil, version: "1")
    context.webConfig = try WebConfigSource(path: path, log: log)
    context.incidents = incidents
    context.writer = writer
    let port = Mutex(0)
    let listening = AsyncStream<Int>.makeStream()
    let server = HTTPServer(context: context, host: "127.0.0.1", port: 0, log: log) { bound in
      listening.continuation.yield(bound)
      listening.continuation.finish()
    }
    let task = Task { try await server.run() }
    for await bound in listening.stream { port.withLock { $0 = bound } }
    do { try await body(port.withLock { $0 }) } catch {
      task.cancel()
      throw error
    }
    task.cancel()
    _ = await task.result
  }

  func get(
    _ url: String, user: String? = nil, _ change: (inout HTTPFetch.HTTPRequest) -> Void = { _ in }
  ) async throws(HTTPFetchError) -> HTTPFetch.HTTPResponse {
    var request = HTTPFetch.HTTPRequest(url: url)
    request.timeout = 20_000
    if let user { request.basicAuthentication = BasicAuthentication(username: user, password: "abc") }
    change(&request)
    return try await client.fetch(request)
  }
}

@Suite("The server behind a web configuration", .timeLimit(.minutes(3)))
struct WebConfigServerTests {
  @Test("without the right password there is no answer to anything; headers are on every answer")
  func users() async throws {
    let harness = try WebServerHarness()
    let configuration = """
      http_server_config: { headers: { X-Frame-Options: deny } }
      basic_auth_users: { alice: \(WebServerHarness.hashOfABC) }
      """
    try await harness.serve(configuration) { port in
      let url = "http://127.0.0.1:\(port)"
      for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/query?query=1", "/nothing"] {
        let refused = try await harness.get(url + path)
        #expect(refused.status == 401, "\(path)")
        #expect(refused.header("WWW-Authenticate") == "Basic")
        #expect(refused.header("X-Frame-Options") == "deny")
        #expect(try await harness.get(url + path, user: "bob").status == 401)
        let answer = try await harness.get(url + path, user: "alice")
        #expect(answer.status == (path == "/nothing" ? 404 : 200), "\(path)")
        #expect(answer.header("X-Frame-Options") == "deny")
      }
      #expect(try await harness.get("\(url)/metrics") { $0.method = "OPTIONS" }.status == 401)
      #expect(try await harness.get("\(url)/-/reload", user: "alice") { $0.method = "POST" }.status == 403)
    }
  }

  @Test("a changed file counts at once, and one that cannot be used does not")
  func change() async throws {
    let harness = try WebServerHarness()
    try await harness.serve("basic_auth_users: { alice: \(WebServerHarness.hashOfABC) }") { port in
      let url = "http://127.0.0.1:\(port)/-/healthy"
      #expect(try await harness.get(url, user: "alice").status == 200)
      try harness.folder.write("basic_auth_users: { alice: broken }", to: "web.yml")
      #expect(try await harness.get(url).status == 401)
      #expect(try await harness.get(url, user: "alice").status == 200)
      try harness.folder.write("basic_auth_users: { bob: \(WebServerHarness.hashOfABC) }", to: "web.yml")
      #expect(try await harness.get(url, user: "alice").status == 401)
      #expect(try await harness.get(url, user: "bob").status == 200)
    }
  }

  @Test("connections are encrypted, and a new certificate counts without a restart")
  func encryption() async throws {
    let harness = try WebServerHarness()
    try await harness.makeCertificates()
    let configuration = "tls_server_config: { cert_file: server.pem, key_file: server.key }"
    try await harness.serve(configuration) { port in
      let url = "https://127.0.0.1:\(port)/-/healthy"
      let trusting: (inout HTTPFetch.HTTPRequest) -> Void = {
        $0.tls.authority = .file("\(harness.folder.path)/ca.pem")
      }
      #expect(try await harness.get(url, trusting).status == 200)
      await #expect(throws: HTTPFetchError.self) { try await harness.get(url) }
      await #expect(throws: HTTPFetchError.self) { try await harness.get("http://127.0.0.1:\(port)/-/healthy") }
      await #expect(throws: HTTPFetchError.self) {
        try await harness.get(url) {
          trusting(&$0)
          $0.tls.minimumVersion = .tls11
          $0.tls.maximumVersion = .tls11
        }
      }
      // A self-signed certificate of another authority replaces the old one.
      try await harness.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout @new.key -out @new.pem -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
      )
      let path = harness.folder.path
      rename("\(path)/new.key", "\(path)/server.key")
      rename("\(path)/new.pem", "\(path)/server.pem")
      let other = HTTPClient()
      var request = HTTPFetch.HTTPRequest(url: url)
      request.tls.authority = .file("\(path)/server.pem")
      #expect(try await other.fetch(request).status == 200)
      await other.shutdown()
    }
  }

  @Test(
    "clients show certificates as the configuration asks for them",
    arguments: [
      ("RequireAndVerifyClientCert, client_ca_file: ca.pem", false, true, false),
      ("RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [client.test]", false, true, false),
      ("RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [other.test]", false, false, false),
      ("VerifyClientCertIfGiven, client_ca_file: ca.pem", true, true, false),
      ("RequireAnyClientCert", false, true, true), ("RequestClientCert", true, true, true),
    ])
  func clients(settings: String, none: Bool, ours: Bool, foreign: Bool) async throws {
    let harness = try WebServerHarness()
    try await harness.makeCertificates()
    try await harness.openssl(
      "req -x509 -newkey rsa:2048 -nodes -keyout @foreign.key -out @foreign.pem -days 2 -subj /CN=f")
    let configuration =
      "tls_server_config: { cert_file: server.pem, key_file: server.key, client_auth_type: \(settings) }"
    try await harness.serve(configuration) { port in
      for (name, isAdmitted) in [("", none), ("client", ours), ("foreign", foreign)] {
        let client = HTTPClient()
        var request = HTTPFetch.HTTPRequest(url: "https://127.0.0.1:\(port)/-/healthy")
        request.timeout = 20_000
        request.tls.authority = .file("\(harness.folder.path)/ca.pem")
        if !name.isEmpty {
          request.tls.certificate = .file("\(harness.folder.path)/\(name).pem")
          request.tls.key = .file("\(harness.folder.path)/\(name).key")
        }
        let status = try? await client.fetch(request).status
        #expect((status == 200) == isAdmitted, "\(settings), certificate \"\(name)\"")
        await client.shutdown()
      }
    }
  }

  @Test("answers are packed for whom asks, and may be read from other pages")
  func finishing() async throws {
    let harness = try WebServerHarness()
    try await harness.serve("") { port in
      let url = "http://127.0.0.1:\(port)/api/v1"
      let long = "\(url)/query?query=%22\(String(repeating: "a", count: 5000))%22"
      let packed = try await harness.get(long) { $0.compression = .raw }
      #expect(packed.header("Content-Encoding") == "gzip")
      #expect(packed.body.count < 500)
      let plain = try await harness.get(long) { $0.compression = .none }
      #expect(plain.header("Content-Encoding") == nil && plain.body.count > 5000)
      let origin = HTTPHeader("Origin", "http://page")
      let answer = try await harness.get("\(url)/query?query=1") { $0.headers.append(origin) }
      #expect(answer.header("Access-Control-Allow-Origin") == "http://page")
      #expect(answer.header("Vary")?.contains("Origin") == true)
      let options = try await harness.get("\(url)/query") {
        $0.method = "OPTIONS"
        $0.headers.append(origin)
      }
      #expect(options.status == 204)
      #expect(options.header("Access-Control-Allow-Methods") == "GET, POST, OPTIONS")
      #expect(try await harness.get("\(url)/query?query=1").header("Access-Control-Allow-Origin") == nil)
    }
  }
}
