import HarecastTestKit
import Logging
import StrictYAML
import Testing

@testable import HTTPAPI

@Suite("The web configuration file")
struct WebConfigTests {
  /// Published test vectors of jBCrypt.
  private static let hashOfABC = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"

  private func read(_ text: String) throws -> WebConfiguration {
    try WebConfiguration(text, file: "w.yml", folder: "/etc/h")
  }

  @Test("every section is read, paths start at the file")
  func everything() throws {
    let configuration = try read(
      """
      tls_server_config:
        cert_file: server.pem
        key_file: /keys/server.key
        client_auth_type: RequireAndVerifyClientCert
        client_ca_file: ca.pem
        client_allowed_sans: [prometheus]
        min_version: TLS13
        cipher_suites: [TLS_AES_128_GCM_SHA256]
        curve_preferences: [X25519, CurveP256]
        prefer_server_cipher_suites: true
      http_server_config:
        http2: false
        headers: { X-Frame-Options: deny, Strict-Transport-Security: max-age=31536000 }
      basic_auth_users:
        alice: \(Self.hashOfABC)
      """)
    let tls = try #require(configuration.tls)
    #expect(tls.files == ["/etc/h/server.pem", "/keys/server.key", "/etc/h/ca.pem"])
    #expect(tls.clientCertificates == .requiredAndVerified && tls.minimumVersion == 13)
    #expect(configuration.headers.map(\.name) == ["X-Frame-Options", "Strict-Transport-Security"])
    #expect(configuration.users == ["alice": Self.hashOfABC])
    #expect(try read("") == read("{}"))
  }

  @Test(
    "what is wrong is named with its place",
    arguments: [
      (
        "tls_server_confg: {}",
        "w.yml:1:1: unknown key \"tls_server_confg\" in the web configuration; did you mean \"tls_server_config\"?"
      ),
      ("tls_server_config: { key_file: a }", "w.yml:1:20: tls_server_config needs the key \"cert_file\""),
      ("tls_server_config: { cert_file: a }", "needs the key \"key_file\""),
      ("tls_server_config: { cert_file: a, key_file: b, min_version: TLS9 }", "unknown TLS version \"TLS9\""),
      (
        "tls_server_config: { cert_file: a, key_file: b, client_auth_type: RequireAnyClientCer }",
        "did you mean \"RequireAnyClientCert\"?"
      ),
      (
        "tls_server_config: { cert_file: a, key_file: b, client_ca_file: c }",
        "has no effect without a client_auth_type"
      ),
      (
        "tls_server_config: { cert_file: a, key_file: b, cipher_suites: [TLS_NONE] }",
        "unknown cipher suite \"TLS_NONE\""
      ),
      ("tls_server_config: { cert_file: a, key_file: b, curve_preferences: [P1] }", "unknown curve \"P1\""),
      ("http_server_config: { headers: { X-Other: a } }", "the header \"X-Other\" cannot be configured"),
      ("http_server_config: { headers: { X-Frame-Options: all } }", "expected one of deny, sameorigin, found \"all\""),
      (
        "basic_auth_users: { a: secret }",
        "w.yml:1:24: the password of user \"a\": the text is too short to be a bcrypt hash"
      ),
      (
        "basic_auth_users: { a: $2a$31$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i }",
        "the bcrypt cost is 31, allowed are 4 to 18"
      ),
      (
        "basic_auth_users: { a: $5$rounds=1000$abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz }",
        "begins with $2a$, $2b$ or $2y$"
      ),
    ])
  func faults(text: String, message: String) {
    let error = #expect(throws: YAMLError.self) { try read(text) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test(
    "published bcrypt hashes are of their passwords and of no others",
    arguments: [
      ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
      ("abc", hashOfABC),
      ("abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"),
    ])
  func hashes(password: String, hash: String) {
    #expect(PasswordHash.fault(of: hash) == nil)
    #expect(PasswordHash.matches(hash, Array(password.utf8)))
    #expect(!PasswordHash.matches(hash, Array((password + "x").utf8)))
    #expect(!PasswordHash.matches(hash, Array(password.utf8) + [0]))
    #expect(!PasswordHash.matches(hash, []))
    #expect(!PasswordHash.matches("", Array(password.utf8)))
  }

  @Test("a password that was good is good at once; another one, another user and a changed hash are checked")
  func checks() async {
    let check = PasswordCheck()
    let users = ["alice": Self.hashOfABC]
    for _ in 0..<3 {
      #expect(await check.check("alice", Array("abc".utf8), users) == .good)
      #expect(await check.check("alice", Array("abd".utf8), users) == .bad)
      #expect(await check.check("bob", Array("abc".utf8), users) == .bad)
    }
    #expect(await check.check("alice", Array("abc".utf8), [:]) == .bad)
    let changed = ["alice": "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"]
    #expect(await check.check("alice", Array("abc".utf8), changed) == .bad)
  }

  @Test("a user that does not exist takes as long as one that does, and only so many may wait")
  func timing() async {
    let check = PasswordCheck()
    // Cost 12 takes long enough to be told from nothing.
    let users = ["alice": "$2a$12$EXRkfkdmXn2gzds2SSitu.MW9.gAVqa9eLS1//RYtYCmB1eLHg.9q"]
    func seconds(_ user: String) async -> Duration {
      await ContinuousClock().measure { _ = await check.check(user, Array("wrong".utf8), users) }
    }
    let known = await seconds("alice")
    let unknown = await seconds("bob")
    #expect(unknown > known / 10 && known > .milliseconds(20))

    let verdicts = await withTaskGroup(of: PasswordCheck.Verdict.self) { group in
      for _ in 0..<PasswordCheck.mostWaiting + 20 {
        group.addTask { await check.check("a", [1], ["b": Self.hashOfABC]) }
      }
      return await group.reduce(into: [PasswordCheck.Verdict]()) { $0.append($1) }
    }
    #expect(!verdicts.contains(.good))
  }

  @Test(
    "user and password are taken out of the header field",
    arguments: [
      ("Basic YWxpY2U6YWJj", "alice", "abc"), ("basic YWxpY2U6YTpi", "alice", "a:b"), ("Basic Og==", "", ""),
    ])
  func credentials(header: String, user: String, password: String) throws {
    let found = try #require(WebConfigGuard<NoResponder>.credentials(header))
    #expect(found.user == user && found.password == Array(password.utf8))
  }

  @Test(
    "other header fields hold no user",
    arguments: ["", "Basic", "Basic !", "Basic YWxpY2U", "Bearer YWxpY2U6YWJj", "Basic YWxp", "Basic ===="])
  func noCredentials(header: String) {
    #expect(WebConfigGuard<NoResponder>.credentials(header) == nil)
  }

  @Test("a missing certificate is named")
  func missingFiles() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("tls_server_config: { cert_file: none.pem, key_file: none.key }", to: "w.yml")
    let error = #expect(throws: WebConfigError.self) { try WebConfigSource.check(file) }
    #expect(error?.description == "\(folder.path)/none.pem: No such file or directory")
  }
}

@Suite("Names in paths")
struct UTF8NameTests {
  @Test(
    "escaped label names are decoded, others stay",
    arguments: [
      ("job", "job"), ("U__a_2d_b", "a-b"), ("U__a__b", "a_b"), ("U__http_2e_status", "http.status"),
      ("U___1f600_", "😀"), ("U__a_zz", "U__a_zz"), ("U__a_d800_", "U__a_d800_"), ("U__", ""), ("U__a_", "U__a_"),
    ])
  func decoding(text: String, name: String) { #expect(UTF8Name.decode(text) == name) }
}
