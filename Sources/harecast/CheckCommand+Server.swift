import ArgumentParser
import Collection
import Foundation
import HTTPFetch

/// `harecast check healthy`: whether a server is alive.
struct CheckHealthy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "healthy", abstract: "Check that a server is alive.")

  @Option(help: "The address of the server.") var url = "http://localhost:15693"
  @OptionGroup var http: HTTPClientOptions

  func run() async throws { try await ServerProbe.check("\(url)/-/healthy", http) }
}

/// `harecast check ready`: whether a server answers queries.
struct CheckReady: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "ready", abstract: "Check that a server is ready.")

  @Option(help: "The address of the server.") var url = "http://localhost:15693"
  @OptionGroup var http: HTTPClientOptions

  func run() async throws { try await ServerProbe.check("\(url)/-/ready", http) }
}

/// Asks a server how it is.
private enum ServerProbe {
  /// Prints what a server says; fails unless it answers with 200.
  static func check(_ address: String, _ http: HTTPClientOptions) async throws {
    var request = HTTPRequest(url: address)
    let access = try http.access()
    do throws(FileError) {
      try access.apply(to: &request)
    } catch {
      CommandOutput.complain("  FAILED: \(error)")
      throw CheckStatus.failed
    }
    let client = HTTPClient(configuration: HTTPClientConfiguration(userAgent: "harecast/\(Harecast.version)"))
    let answer: Result<HTTPResponse, HTTPFetchError>
    do throws(HTTPFetchError) {
      answer = .success(try await client.fetch(request))
    } catch {
      answer = .failure(error)
    }
    await client.shutdown()
    switch answer {
    case .success(let response) where response.status == 200:
      let text = String(decoding: response.body.prefix(1000), as: UTF8.self)
      CommandOutput.complain("  SUCCESS: \(text.trimmingCharacters(in: .whitespacesAndNewlines))")
    case .success(let response):
      CommandOutput.complain("  FAILED: check failed: URL=\(address), status=\(response.status)")
      throw CheckStatus.failed
    case .failure(let error):
      CommandOutput.complain("  FAILED: \(error)")
      throw CheckStatus.failed
    }
  }
}
