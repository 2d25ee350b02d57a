import Exposition
import HTTPTypes
import Hummingbird
import PromQL
import SeriesStore
import TimeSeries

/// `/federate`: the newest samples of selected series, as another Prometheus scrapes them.
struct Federation: Sendable {
  /// How old a sample may be, in milliseconds.
  private static let lookback: Int64 = 300_000

  let store: SeriesStore
  let engine: QueryEngine
  let time: any TimeSource
  let externalLabels: Labels

  func answer(_ request: Request) -> Response {
    let now = time.now()
    var found: [Labels: Sample] = [:]
    do throws(ParseError) {
      for text in RequestParameters(request.uri.query ?? "").all("match[]") {
        for (labels, sample) in store.latest(try engine.parseMatchers(text), since: now - Self.lookback) {
          found[labels] = sample
        }
      }
    } catch {
      return .text("\(error)", status: .badRequest)
    }
    let bytes = render(found)
    return Response(
      status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func render(_ found: [Labels: Sample]) -> [UInt8] {
    var text = ""
    var lastName: String?
    for (labels, sample) in found.sorted(by: {
      ($0.key.metricName, $0.key) < ($1.key.metricName, $1.key)
    }) {
      let name = labels.metricName
      if name.isEmpty { continue }
      let isClassic = Labels.isClassicMetricName(name)
      if name != lastName { text += "# TYPE \(isClassic ? name : Labels.quoted(name)) untyped\n" }
      lastName = name
      var parts = isClassic ? [] : [Labels.quoted(name)]
      var known = labels
      for label in externalLabels.elements where labels[label.name] == nil {
        known = known.setting(label.name, to: label.value)
      }
      for label in known.elements where label.name != Labels.metricNameLabel {
        let key = Labels.isClassicLabelName(label.name) ? label.name : Labels.quoted(label.name)
        parts.append("\(key)=\"\(Self.escaped(label.value))\"")
      }
      let braces = parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
      text += "\(isClassic ? name : "")\(braces) \(PrometheusNumber.format(sample.value)) \(sample.timestamp)\n"
    }
    return Array(text.utf8)
  }

  /// A label's value as the text format escapes it.
  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
  }
}
