import Hummingbird
import PromQL
import Rules
import TimeSeries

/// `/api/v1/forecast`: the forecasts in force, and how earlier ones have done.
///
/// `rule` (the name of a rule) and `match[]` (selectors on the labels of the signal) choose; `curve=1` adds the points
/// of the future curves, `limit` bounds the number of series.
struct ForecastAPI: Sendable {
  let rules: RuleManager
  let engine: QueryEngine

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/api/v1/forecast") { request, _ in
      do {
        return Response.json(try body(RequestParameters(request.uri.query ?? "")))
      } catch let error as APIError {
        return error.response
      }
    }
  }

  /// The answer as JSON.
  ///
  /// - Throws: ``APIError``.
  func body(_ parameters: RequestParameters) throws -> [UInt8] {
    let names = Set(parameters.all("rule"))
    var selectors: [[LabelMatcher]] = []
    do throws(ParseError) {
      for text in parameters.all("match[]") { selectors.append(try engine.parseMatchers(text)) }
    } catch {
      throw APIError(.badData, "invalid parameter \"match[]\": \(error)")
    }
    let withCurve = ["1", "true"].contains(parameters["curve"] ?? "")
    let limit = try parameters.limit()
    var json = JSONWriter()
    json.beginObject()
    json.pair("status", "success")
    json.key("data")
    json.beginObject()
    json.key("forecasts")
    json.beginArray()
    var written = 0
    var total = 0
    for group in rules.groups() {
      for status in group.rules where names.isEmpty || names.contains(status.rule.name) {
        for report in status.forecasts {
          // The name of the rule is the metric name that selectors see.
          let labels = report.labels.setting(Labels.metricNameLabel, to: status.rule.name)
          guard selectors.isEmpty || selectors.contains(where: { $0.allSatisfy { $0.accepts(labels) } }) else {
            continue
          }
          total += 1
          if let limit, written >= limit { continue }
          written += 1
          write(report, status.rule.name, group.name, withCurve, to: &json)
        }
      }
    }
    json.endArray()
    json.key("total")
    json.integer(total)
    json.endObject()
    json.endObject()
    return json.bytes
  }

  private func write(
    _ report: ForecastReport, _ rule: String, _ group: String, _ withCurve: Bool, to json: inout JSONWriter
  ) {
    json.beginObject()
    json.pair("rule", rule)
    json.pair("group", group)
    json.key("labels")
    json.labels(report.labels)
    json.key("origin")
    json.seconds(report.origin)
    json.pair("model", report.model)
    if !report.awaitedModels.isEmpty {
      json.key("training")
      json.strings(report.awaitedModels)
    }
    if let failure = report.trainingFailure { json.pair("trainingFailure", failure) }
    json.key("learning")
    json.bool(!report.isSettled)
    json.key("borrowed")
    json.number(report.borrowedShare)
    let width = report.quantiles.count
    if let probability = report.probability {
      json.key("limit")
      json.beginObject()
      json.key("probability")
      json.number(probability)
      json.key("seconds")
      json.beginObject()
      for (level, seconds) in zip(["0.025", "0.5", "0.975"], report.seconds) {
        json.key(level)
        if let seconds { json.number(seconds) } else { json.null() }
      }
      json.endObject()
      json.endObject()
    }
    json.key("horizons")
    json.beginArray()
    for (row, horizon) in report.horizons.enumerated() where (row + 1) * width <= report.values.count {
      json.beginObject()
      json.pair("horizon", horizon.text)
      json.key("time")
      json.seconds(horizon.target)
      json.key("quantiles")
      write(report.quantiles, report.values[row * width..<(row + 1) * width], to: &json)
      if !report.parts.isEmpty {
        json.key("parts")
        json.beginObject()
        for part in report.parts where (row + 1) * width <= part.values.count {
          json.key(part.model)
          write(report.quantiles, part.values[row * width..<(row + 1) * width], to: &json)
        }
        json.endObject()
      }
      json.endObject()
    }
    json.endArray()
    if !report.importances.isEmpty {
      json.key("featureImportance")
      json.beginObject()
      for importance in report.importances {
        json.key(importance.name)
        json.number((importance.gain * 10_000).rounded() / 10_000)
      }
      json.endObject()
    }
    if withCurve, !report.curveTimes.isEmpty {
      json.key("curve")
      json.beginArray()
      for (row, time) in report.curveTimes.enumerated() where (row + 1) * width <= report.curveValues.count {
        json.beginObject()
        json.key("time")
        json.seconds(time)
        json.key("quantiles")
        write(report.quantiles, report.curveValues[row * width..<(row + 1) * width], to: &json)
        json.endObject()
      }
      json.endArray()
    }
    json.key("skill")
    json.beginArray()
    for skill in report.skill { write(skill, to: &json) }
    json.endArray()
    json.key("withheld")
    json.bool(report.isWithheld)
    json.endObject()
  }

  private func write(_ quantiles: [Double], _ values: ArraySlice<Double>, to json: inout JSONWriter) {
    json.beginObject()
    for (level, value) in zip(quantiles, values) {
      json.key(PrometheusNumber.format(level))
      json.number(value)
    }
    json.endObject()
  }

  private func write(_ skill: ForecastReport.Skill, to json: inout JSONWriter) {
    json.beginObject()
    json.pair("horizon", skill.horizon)
    let values: [(String, Double?)] = [
      ("truths", skill.count), ("coverage", skill.coverage), ("mase", skill.scaledError), ("bias", skill.scaledBias),
      ("skill", skill.skill),
    ]
    for (name, value) in values {
      json.key(name)
      if let value { json.number(value) } else { json.null() }
    }
    json.key("worseThanNaive")
    json.bool(skill.isWorseThanNaive)
    json.endObject()
  }
}
