import Foundation
import HarecastTestKit
import Testing

@Suite("Servers that ask who asks, from the command line", .timeLimit(.minutes(5)))
struct HTTPClientOptionsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// 400 minutes of a wave, whatever is asked for.
  private static let answer: String = {
    let values = (0..<400).map { "[\(1_700_000_000 + $0 * 60),\"\(100 + $0 % 60)\"]" }.joined(separator: ",")
    return #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a"},"values":["#
      + values + "]}]}}"
  }()

  @Test("a token and further headers come from a file, with every request of every command")
  func token() async throws {
    let server = try StaticHTTPServer { request in
      guard request.headers["authorization"] == "Bearer t0ken", request.headers["x-scope-orgid"] == "one" else {
        return StaticHTTPServer.Response(status: 401, body: Array("who are you?\n".utf8))
      }
      return request.path.hasPrefix("/-/") ? .text("well\n") : .json(Self.answer)
    }
    try folder.write("t0ken\n", to: "token")
    let file = try folder.write(
      "authorization: {credentials_file: token}\nhttp_headers: {X-Scope-OrgID: {values: [one]}}\n", to: "http.yml")
    let range = ["--start", "1700000000", "--end", "1700024000", "--step", "1m", "--query", "a", "--url", server.url]
    for arguments in [
      ["backtest", "forecast", "--horizon", "10m", "--model", "naive", "--origins", "2"] + range,
      ["backtest", "anomaly"] + range,
      ["train", "--name", "a", "--model", "naive", "--models.path", folder.path] + range,
      ["query", "range", server.url, "a"], ["check", "healthy", "--url", server.url],
    ] {
      let asked = server.requests.count
      let outcome = try await HarecastServer.run(arguments + ["--http.config.file", file])
      #expect(outcome.status == 0 && server.requests.count > asked, "\(arguments): \(outcome.errors)")
    }
    let incidents = try await HarecastServer.run(
      ["backtest", "incidents", "--url", server.url, "--http.config.file", file])
    #expect(incidents.errors.contains("no series of a RabbitMQ cluster"), "\(incidents.errors)")

    let unknown = try await HarecastServer.run(["query", "range", server.url, "a"])
    #expect(unknown.status == 1)
    #expect(
      unknown.errors
        == "query error: the server answered 401: who are you? (--http.config.file says who asks)\n")
  }

  @Test("what is wrong with the file is said with its place")
  func faults() async throws {
    let file = try folder.write("basic_auth: {username: a, pasword: b}\n", to: "http.yml")
    let query = ["query", "instant", "--http.config.file", file, "http://127.0.0.1:1", "up"]
    let misspelt = try await HarecastServer.run(query)
    #expect(misspelt.status == 1)
    #expect(
      misspelt.errors.hasPrefix("\(file):1:27: unknown key \"pasword\"")
        && misspelt.errors.contains("did you mean \"password\"?"), "\(misspelt.errors)")
    try folder.write("basic_auth: {username: a, password_file: nowhere}\n", to: "http.yml")
    let missing = try await HarecastServer.run(query)
    #expect(missing.status == 1)
    #expect(missing.errors == "query error: \(folder.path)/nowhere: No such file or directory\n")
    let without = try await HarecastServer.run(["train", "--name", "a", "--data", "x", "--http.config.file", file])
    #expect(without.status == 2)
  }

  @Test(
    "a server with a certificate of one's own authority and a password is asked",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
  func authorityAndPassword() async throws {
    for arguments in [
      "req -x509 -newkey rsa:2048 -nodes -keyout @ca.key -out @ca.pem -days 2 -subj /CN=authority",
      "req -newkey rsa:2048 -nodes -keyout @server.key -out @server.csr -subj /CN=server",
      "x509 -req -in @server.csr -CA @ca.pem -CAkey @ca.key -CAcreateserial -days 2 -out @server.pem -extfile @names",
    ] {
      try folder.write("subjectAltName=IP:127.0.0.1", to: "names")
      let words = arguments.split(separator: " ").map { String($0).replacing("@", with: folder.path + "/") }
      let made = try await runProgram("/usr/bin/openssl", words)
      try #require(made.status == 0, "\(made.errors)")
    }
    // The password is "abc".
    let web = try folder.write(
      """
      tls_server_config: {cert_file: server.pem, key_file: server.key}
      basic_auth_users: {reader: $2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i}
      """, to: "web.yml")
    let port = try freeLoopbackPort()
    let server = try ManagedProcess(
      HarecastServer.program,
      [
        "serve", "--storage.path", "", "--web.config.file", web, "--web.listen-address=127.0.0.1:\(port)", "--rabbitmq",
        "http://127.0.0.1:1",
      ])
    defer { Task { await server.stop() } }
    let url = "https://127.0.0.1:\(port)"
    try folder.write("abc\n", to: "password")
    let file = try folder.write(
      "basic_auth: {username: reader, password_file: password}\ntls_config: {ca_file: ca.pem}\n", to: "http.yml")
    try await eventually("the server answers", within: .seconds(60)) {
      try await HarecastServer.run(["check", "healthy", "--url", url, "--http.config.file", file]).status == 0
    }
    let answer = try await HarecastServer.run(["query", "instant", "--http.config.file", file, url, "1 + 1"])
    #expect(answer.status == 0 && answer.output.hasPrefix("scalar: 2 @["), "\(answer.errors)")
    let distrusted = try await HarecastServer.run(["query", "instant", url, "1 + 1"])
    #expect(distrusted.status == 1 && distrusted.errors.contains("certificate"), "\(distrusted.errors)")
  }
}
