import Collection
import HTTPFetch

/// Fetches the management API's documents over HTTP.
public struct HTTPManagementTransport: ManagementTransport {
  private let client: HTTPClient
  private let configuration: ManagementConfiguration

  public init(client: HTTPClient, configuration: ManagementConfiguration) {
    self.client = client
    self.configuration = configuration
  }

  public func get(_ path: String) async throws(ManagementError) -> (status: Int, body: [UInt8]) {
    var request = HTTPRequest(url: configuration.url + path)
    request.timeout = configuration.timeout
    do throws(FileError) {
      try configuration.access.apply(to: &request)
    } catch {
      throw ManagementError(.unreachable, url: configuration.url, detail: "\(error)")
    }
    do throws(HTTPFetchError) {
      let response = try await client.fetch(request)
      return (response.status, response.body)
    } catch {
      throw ManagementError(.unreachable, url: configuration.url, detail: "\(error)")
    }
  }
}
