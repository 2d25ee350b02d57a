import Exposition
import Foundation
import HarecastTestKit
import PromQL
import Rules
import SeriesStore
import Testing
import TimeSeries

@testable import HTTPAPI

@Suite("/api/v1/forecast")
struct ForecastAPITests {
  private let api: ForecastAPI

  init() async throws {
    let start: Int64 = 1_700_006_400_000
    let (store, engine, time) = (SeriesStore(), QueryEngine(), ManualTime(start))
    let manager = RuleManager(store: store, engine: engine, registry: MetricRegistry(), time: time)
    let rules = """
      groups:
      - name: g
        rules:
        - record: depth_forecast
          expr: depth
          forecast: {horizons: [5m, 30m], quantiles: [0.1, 0.5, 0.9], history: 1h, step: 30s}
        - record: limit_seconds
          expr: depth
          forecast: {until: "1e6", horizon: 30m, history: 1h, step: 30s}
        - record: joined_forecast
          expr: depth
          forecast: {horizons: [30m], history: 1h, step: 30s, model: two_model_auto}
      """
    manager.reload([try RuleFile.parse(rules, path: "r.yml")])
    for step in 0..<40 {
      let now = start + Int64(step) * 30_000
      time.advance(to: now)
      var batch = SampleBatch()
      for (queue, value) in [("a", 7.0), ("b", 100 + Double(step))] {
        batch.append(try #require(store.resolve(Labels(name: "depth", ["queue": queue]))), now, value)
      }
      store.append(batch, now: now)
      await manager.evaluateOnce(at: now)
    }
    api = ForecastAPI(rules: manager, engine: engine)
  }

  private func forecasts(_ query: String) throws -> (list: [[String: Any]], total: Int) {
    let bytes = try api.body(RequestParameters(query))
    let answer = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(answer["status"] as? String == "success")
    let data = try #require(answer["data"] as? [String: Any])
    return (try #require(data["forecasts"] as? [[String: Any]]), try #require(data["total"] as? Int))
  }

  @Test("lists every forecast in force with its horizons, quantiles and skill")
  func list() throws {
    let (list, total) = try forecasts("rule=depth_forecast")
    #expect(total == 2 && list.count == 2)
    let first = try #require(list.first)
    #expect((first["labels"] as? [String: String]) == ["queue": "a"])
    #expect(first["model"] as? String == "auto")
    #expect(first["learning"] as? Bool == false)
    #expect(first["withheld"] as? Bool == false)
    let origin = try #require(first["origin"] as? Int)
    #expect(origin == 1_700_006_400 + 39 * 30)
    let horizons = try #require(first["horizons"] as? [[String: Any]])
    #expect(horizons.map { $0["horizon"] as? String } == ["5m", "30m"])
    #expect(horizons.map { $0["time"] as? Int } == [origin + 300, origin + 1800])
    // A constant stays what it is.
    let quantiles = try #require(horizons[0]["quantiles"] as? [String: Double])
    #expect(Set(quantiles.keys) == ["0.1", "0.5", "0.9"])
    #expect(abs((quantiles["0.5"] ?? 0) - 7) < 0.01)
    let skill = try #require(first["skill"] as? [[String: Any]])
    #expect(skill.map { $0["horizon"] as? String } == ["5m", "30m"])
    #expect(skill[1]["skill"] is NSNull && skill[1]["worseThanNaive"] as? Bool == false)
    #expect(first["curve"] == nil)
  }

  @Test("says that auto stands in the place of a model in training")
  func training() throws {
    let first = try #require(try forecasts("rule=joined_forecast").list.first)
    #expect(first["model"] as? String == "auto")
    #expect(first["training"] as? [String] == ["two_model_auto"])
    #expect((first["horizons"] as? [[String: Any]])?.first?["parts"] == nil)
  }

  @Test("finds one signal by its labels, bounds the list and adds the curve when asked to")
  func choice() throws {
    let (list, total) = try forecasts("match[]=depth_forecast{queue=\"b\"}&curve=1")
    #expect(total == 1)
    let curve = try #require(list.first?["curve"] as? [[String: Any]])
    #expect(curve.count > 30)
    #expect(try forecasts("rule=depth_forecast&limit=1").list.count == 1)
    #expect(try forecasts("rule=depth_forecast&limit=1").total == 2)
    #expect(try forecasts("rule=none").total == 0)
    let limit = try #require(
      try forecasts("rule=limit_seconds&match[]={queue=\"a\"}").list.first?["limit"] as? [String: Any])
    #expect((limit["probability"] as? Double).map { $0 < 0.2 } ?? false)
    #expect(throws: APIError.self) { try api.body(RequestParameters("match[]={")) }
    #expect(throws: APIError.self) { try api.body(RequestParameters("limit=-1")) }
  }
}
