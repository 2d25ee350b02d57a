import Foundation
import HarecastTestKit
import Testing

@Suite("What the API says of demand and resources", .timeLimit(.minutes(2)))
struct OutlookReportTests {
  @Test("where nothing is forecast yet it says what is waited for, and where nothing will be, that it is switched off")
  func waiting() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("forecasting: {resources: {enabled: false}}\n", to: "harecast.yml")
    let server = try await HarecastServer("serve", ["--config.file", file])
    let demand = try await eventually("the first look", within: .seconds(30)) {
      let text = try await LoopbackHTTP.get("\(server.url)/api/v1/forecast/demand")
      return text.contains("\"waiting\":[]") ? nil : text
    }
    #expect(
      demand
        == #"{"status":"success","data":{"forecasts":[],"enabled":true,"waiting":[{"signal":"publish_rate","#
        + #""reason":"the expression gives no series yet; 48 values, 1h apart, are needed","values":0,"needed":48,"#
        + #""step":3600}],"faults":{}}}"#)
    let other = try await LoopbackHTTP.get("\(server.url)/api/v1/forecast/demand?signal=other")
    #expect(other.contains("\"waiting\":[]"))
    let resources = try await LoopbackHTTP.get("\(server.url)/api/v1/forecast/resources")
    #expect(resources.contains(#""forecasts":[],"enabled":false,"waiting":[]"#))
    try await server.stop()
  }
}
