import FuzzerLoop
import Templates
import TimeSeries

/// Parses and expands templates of labels and annotations.
@main
enum TemplateFuzz {
  static func main() {
    fuzz { start, count in
      expand(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
      return 0
    }
  }
}

private let environment = TemplateEnvironment(time: 1_700_000_000_123, externalURL: "http://harecast:9999/x") { query in
  query.isEmpty ? [] : [TemplateSample(labels: Labels([Label("queue", query)]), value: 12.5)]
}
private let data = TemplateData(
  labels: ["queue": "orders", "vhost": "/"], value: 0.75, externalLabels: ["cluster": "c1"],
  externalURL: "http://harecast:9999/x")

private func expand(_ text: String) {
  do {
    let template = try Template(text, alertName: "Fuzz")
    _ = try template.expand(data, environment)
  } catch {
    _ = error.description
  }
}
