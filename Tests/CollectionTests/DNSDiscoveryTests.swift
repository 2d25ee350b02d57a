import HTTPFetch
import Testing
import TimeSeries

@testable import Collection

@Suite("DNS discovery", .timeLimit(.minutes(1)))
struct DNSDiscoveryTests {
  @Test("addresses of a host become targets with the configured port")
  func addresses() async throws {
    var discovery = DNSDiscovery(DNSDiscoveryConfiguration(names: ["localhost"], type: .a, port: 15_692))
    let result = await discovery.refresh()
    #expect(result.errors.isEmpty)
    #expect(
      result.groups.flatMap(\.labelSets) == [Labels(words: "__address__=127.0.0.1:15692 __meta_dns_name=localhost")])
  }

  @Test("a name that cannot be resolved is one line, and no target")
  func failure() async {
    var discovery = DNSDiscovery(DNSDiscoveryConfiguration(names: ["name.invalid"], type: .a, port: 1))
    let result = await discovery.refresh()
    #expect(result.groups.isEmpty && result.errors.count == 1)
    #expect(result.errors.first?.hasPrefix("looking up \"name.invalid\": ") == true)
  }

  @Test("a look-up that is cancelled does not wait for the name servers")
  func cancelled() async {
    let start = ContinuousClock.now
    let task = Task {
      await Result { () async throws(NameServiceError) in try await NameService.services(of: "_a._tcp.invalid") }
    }
    task.cancel()
    guard case .failure = await task.value else {
      Issue.record("found a service")
      return
    }
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}

extension Result where Failure == NameServiceError {
  fileprivate init(_ body: () async throws(NameServiceError) -> Success) async {
    do throws(NameServiceError) { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
