import Exposition
import HTTPFetch
import HarecastTestKit
import Logging
import Operations
import SeriesStore
import Testing
import TimeSeries

@testable import HTTPAPI

@Suite("Incidents over HTTP", .timeLimit(.minutes(3)))
struct IncidentAPITests {
  private func watch() -> IncidentWatch {
    IncidentWatch(
      store: SeriesStore(), keeper: nil, registry: MetricRegistry(), time: SystemTime(), configuration: .init(),
      interval: 15_000, log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  private static let users = "basic_auth_users: { alice: \(WebServerHarness.hashOfABC) }\n"

  @Test("nothing is wrong at first, and what cannot be asked for is told")
  func reading() async throws {
    let harness = try WebServerHarness()
    try await harness.serve("{}", incidents: watch()) { port in
      let url = "http://127.0.0.1:\(port)/api/v1"
      let list = try await harness.get("\(url)/incidents?state=all")
      #expect(list.status == 200)
      #expect(String(decoding: list.body, as: UTF8.self) == #"{"status":"success","data":{"incidents":[]}}"#)
      for path in ["incidents?state=closed", "incidents?type=flood", "incidents?limit=x", "queues?verdict=fine"] {
        #expect(try await harness.get("\(url)/\(path)").status == 400, "\(path)")
      }
      #expect(try await harness.get("\(url)/incidents/none").status == 404)
      #expect(try await harness.get("\(url)/queues").status == 200)
      #expect(try await harness.get("\(url)/publisher_block").status == 200)
    }
  }

  @Test("maintenance windows are set by users only")
  func authentication() async throws {
    let harness = try WebServerHarness()
    try await harness.serve("{}", incidents: watch()) { port in
      let url = "http://127.0.0.1:\(port)/api/v1/maintenance?end=9999999999"
      let answer = try await harness.get(url) { $0.method = "POST" }
      #expect(answer.status == 403)
      #expect(String(decoding: answer.body, as: UTF8.self).contains("basic_auth_users"))
    }
  }

  @Test("a window is set with who set it, shown, and taken back")
  func windows() async throws {
    let harness = try WebServerHarness()
    let watch = watch()
    try await harness.serve(Self.users, incidents: watch) { port in
      let url = "http://127.0.0.1:\(port)/api/v1/maintenance"
      for bad in ["", "?end=soon", "?end=1", "?end=9999999999&object="] {
        #expect(try await harness.get(url + bad, user: "alice") { $0.method = "POST" }.status == 400, "\(bad)")
      }
      let query = "?end=9999999999&object=rabbit%40a&comment=upgrade"
      let set = try await harness.get(url + query, user: "alice") { $0.method = "POST" }
      #expect(set.status == 200)
      let window = try #require(watch.windows.first)
      #expect(window.objects == ["rabbit@a"])
      #expect(window.createdBy == "alice")
      #expect(window.end == 9_999_999_999_000)
      let shown = try await harness.get(url, user: "alice")
      #expect(String(decoding: shown.body, as: UTF8.self).contains("\"active\":true"))
      #expect(try await harness.get("\(url)/\(window.id)", user: "alice") { $0.method = "DELETE" }.status == 200)
      #expect(try await harness.get("\(url)/\(window.id)", user: "alice") { $0.method = "DELETE" }.status == 404)
      #expect(watch.windows.isEmpty)
    }
  }
}
