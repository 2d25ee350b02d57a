import Exposition
import Testing
import TimeSeries

@Suite("Metric registry")
struct MetricRegistryTests {
  @Test("the same name and labels give the same instrument")
  func identity() {
    let registry = MetricRegistry()
    let counter = registry.counter("a_total", help: "A.", labels: ["x": "1", "y": "2"])
    #expect(registry.counter("a_total", help: "Other.", labels: ["y": "2", "x": "1"]) === counter)
    #expect(registry.counter("a_total", help: "A.", labels: ["x": "2"]) !== counter)
    let gauge = registry.gauge("g", help: "G.")
    #expect(registry.gauge("g", help: "G.") === gauge)
  }

  @Test("families come in order of name with help, type and values")
  func collect() {
    let registry = MetricRegistry()
    registry.gauge("z", help: "Z.", labels: ["b": "2"]).set(2)
    registry.gauge("z", help: "Z.", labels: ["b": "1"]).add(-1.5)
    let counter = registry.counter("a_total", help: "A.")
    counter.increment()
    counter.increment(by: 2.5)
    let expected = [
      MetricFamily(
        name: "a_total", type: .counter, help: "A.", samples: [MetricPoint(labels: Labels(name: "a_total"), value: 3.5)]
      ),
      MetricFamily(
        name: "z", type: .gauge, help: "Z.",
        samples: [
          MetricPoint(labels: Labels(name: "z", ["b": "1"]), value: -1.5),
          MetricPoint(labels: Labels(name: "z", ["b": "2"]), value: 2),
        ]),
    ]
    #expect(registry.collect() == expected)
  }

  @Test("a counter ignores what would make it fall")
  func counterOnlyRises() {
    let counter = MetricRegistry().counter("a_total", help: "A.")
    counter.increment(by: 2)
    for amount in [-1, Double.nan, Double.infinity, -Double.infinity] { counter.increment(by: amount) }
    #expect(counter.value == 2)
  }

  @Test("a name with another type gives a working instrument that is not exported")
  func conflict() {
    let registry = MetricRegistry()
    registry.gauge("a", help: "A.").set(1)
    let stray = registry.counter("a", help: "A.", labels: ["x": "y"])
    stray.increment()
    #expect(stray.value == 1)
    #expect(registry.conflicts == 1)
    #expect(registry.collect().map(\.samples.count) == [1])
  }

  @Test("an unregistered instrument leaves the export")
  func unregister() {
    let registry = MetricRegistry()
    let gauge = registry.gauge("a", help: "A.", labels: ["x": "y"])
    registry.unregister(name: "a", labels: ["x": "z"])
    #expect(registry.collect().count == 1)
    registry.unregister(name: "a", labels: ["x": "y"])
    registry.unregister(name: "nothing")
    #expect(registry.collect().isEmpty)
    gauge.set(5)
    #expect(registry.gauge("a", help: "A.", labels: ["x": "y"]) !== gauge)
  }

  @Test("a histogram has cumulative buckets, a sum and a count")
  func histogram() {
    let registry = MetricRegistry()
    let histogram = registry.histogram("h_seconds", help: "H.", bounds: [1, 0.1, .infinity])
    for value in [0.05, 0.1, 0.5, 7, .nan] { histogram.observe(value) }
    let page = ExpositionWriter().render(registry.collect())
    #expect(
      String(decoding: page.bytes, as: UTF8.self) == """
        # HELP h_seconds H.
        # TYPE h_seconds histogram
        h_seconds_bucket{le="0.1"} 2
        h_seconds_bucket{le="1.0"} 3
        h_seconds_bucket{le="+Inf"} 4
        h_seconds_sum 7.65
        h_seconds_count 4

        """)
  }

  @Test("no increment is lost between tasks")
  func concurrency() async {
    let registry = MetricRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            registry.counter("a_total", help: "A.").increment()
            registry.gauge("b", help: "B.").add(2)
          }
        }
      }
    }
    #expect(registry.counter("a_total", help: "A.").value == 80_000)
    #expect(registry.gauge("b", help: "B.").value == 160_000)
  }
}
