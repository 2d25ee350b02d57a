import Testing

@testable import HTTPAPI

@Suite("Links of alerts")
struct GraphLinkTests {
  private func target(_ expression: String, isTable: Bool = false) -> String {
    GraphLink.target(expression, isTable: isTable, now: 1_700_000_000_000)
  }

  @Test("the curve of a forecast leads to the page, which draws it")
  func curve() {
    #expect(target("depth_forecast_curve") == "./?g0.expr=depth_forecast_curve#forecasts-title")
    #expect(
      target(#"depth_forecast_curve{queue="a"}"#)
        == "./?g0.expr=depth_forecast_curve%7Bqueue%3D%22a%22%7D#forecasts-title")
  }

  @Test("anything else leads to its numbers, from an hour ago to a day ahead")
  func numbers() {
    let range = "&start=1699996400&end=1700086400&step=300"
    #expect(target("up") == "api/v1/query_range?query=up" + range)
    #expect(target("depth_forecast_curve > 3") == "api/v1/query_range?query=depth_forecast_curve%20%3E%203" + range)
    #expect(target("depth_forecast_curve", isTable: true) == "api/v1/query?query=depth_forecast_curve")
  }
}
