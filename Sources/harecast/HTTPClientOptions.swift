import ArgumentParser
import Collection
import Foundation
import HTTPFetch
import StrictYAML

/// How a command reaches the server that it asks, and as whom: promtool's flag.
struct HTTPClientOptions: ParsableArguments {
  @Option(
    name: .customLong("http.config.file"),
    help: """
      A file that says how to reach the server, with the keys of a scrape configuration: basic_auth, authorization, \
      tls_config, http_headers, proxy_url.
      """)
  var file: String?

  /// What the file says; nothing special without one. What is wrong with it is printed and ends the command with
  /// status 1.
  func access() throws -> HTTPAccess {
    guard let file else { return HTTPAccess() }
    do {
      guard let text = CommandOutput.text(ofFile: file) else {
        throw YAMLError(YAMLPlace(file: file, line: 1, column: 1), CommandOutput.reasonNotToRead(file))
      }
      var reader = try MappingReader(YAMLDocument.parse(text, file: file), "the HTTP client configuration")
      let folder = URL(filePath: file).standardizedFileURL.deletingLastPathComponent().path
      let access = try HTTPAccess(&reader, directory: folder)
      try reader.finish()
      return access
    } catch {
      CommandOutput.complain("\(error)")
      throw ExitCode(1)
    }
  }
}

extension HTTPAccess {
  /// Whether it says by itself who we are.
  var isAuthenticated: Bool { basicUsername != nil || credentials != nil }
}
