import HarecastTestKit
import Testing

@testable import HTTPAPI

@Suite("Web configuration files as promtool judges them", .enabled(if: SupportScripts.realServersAreAvailable))
struct WebConfigPromtoolTests {
  @Test(
    "what promtool accepts is accepted, what it rejects is rejected",
    arguments: [
      "", "http_server_config: { http2: true }", "http_server_config: { headers: { X-Frame-Options: deny } }",
      "http_server_config: { headers: { X-Frame-Options: some } }", "http_server_config: { headers: { X-A: b } }",
      "http_server_config: { headers: { Content-Security-Policy: a } }",
      "basic_auth_users: { a: $2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i }",
      "basic_auth_users: { a: b }",
      "basic_auth_users: { a: $2a$03$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i }",
      "basic_auth_users: [a]", "unknown: 1", "tls_server_config: { cert_file: none }",
      "tls_server_config: { cert_file: none, key_file: none }", "tls_server_config: { min_version: TLS14 }",
      "tls_server_config: { client_auth_type: Never }", "tls_server_config: { cipher_suites: [A] }",
    ])
  func verdicts(text: String) async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(text, to: "web.yml")
    let theirs = try await promtool(["check", "web-config", file])
    let ours = Result { try WebConfigSource.check(file) }
    let isGood = if case .success = ours { true } else { false }
    #expect(isGood == (theirs.status == 0), "\(text): \(ours), promtool: \(theirs.output)\(theirs.errors)")
  }
}
