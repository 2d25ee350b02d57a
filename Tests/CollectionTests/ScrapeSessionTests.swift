import Exposition
import HarecastTestKit
import SeriesStore
import Testing
import TimeSeries

@testable import Collection

@Suite("Scrape sessions")
struct ScrapeSessionTests {
  @Test("samples are stored under their labels and those of the target")
  func stores() throws {
    var harness = try SessionHarness()
    let tally = try harness.ingest("a 1\nb{x=\"y\"} 2\n", at: 1000)
    #expect(tally.samples == 2 && tally.kept == 2 && tally.added == 2)
    #expect(try harness.stored() == ["a 1.0@1000", "b{x=\"y\"} 2.0@1000"])
    let labels = harness.store.series([], from: 0, through: 2000).first { $0.metricName == "a" }
    #expect(labels == Labels(words: "__name__=a job=j instance=h:1"))
    #expect(try harness.ingest("a 3\nb{x=\"y\"} 4\n", at: 2000).added == 0)
    #expect(try harness.stored() == ["a 1.0@1000 3.0@2000", "b{x=\"y\"} 2.0@1000 4.0@2000"])
  }

  @Test("labels that clash with the target's are kept as exported ones, or win if they are honoured")
  func clashes() throws {
    var renaming = try SessionHarness()
    try renaming.ingest("a{job=\"own\",exported_job=\"older\"} 1\n", at: 1000)
    let renamed = try #require(renaming.store.series([], from: 0, through: 2000).first)
    // Prometheus moves the clashing label past names that are taken.
    #expect(renamed["job"] == "j" && renamed["exported_job"] == "older" && renamed["exported_exported_job"] == "own")
    var honouring = try SessionHarness { $0.honorLabels = true }
    try honouring.ingest("a{job=\"own\"} 1\n", at: 1000)
    let honoured = try #require(honouring.store.series([], from: 0, through: 2000).first)
    #expect(honoured["job"] == "own" && honoured["instance"] == "h:1")
  }

  @Test("a series that vanishes gets one marker, and goes on when it returns")
  func vanishing() throws {
    var harness = try SessionHarness()
    try harness.ingest("a 1\nb 1\n", at: 1000)
    try harness.ingest("a 2\n", at: 2000)
    try harness.ingest("a 3\n", at: 3000)
    #expect(try harness.stored() == ["a 1.0@1000 2.0@2000 3.0@3000", "b 1.0@1000 !@2000"])
    let tally = try harness.ingest("b 4\na 4\n", at: 4000)
    #expect(tally.added == 0)
    try harness.ingest("b 5\n", at: 5000)
    #expect(
      try harness.stored() == [
        "a 1.0@1000 2.0@2000 3.0@3000 4.0@4000 !@5000", "b 1.0@1000 !@2000 4.0@4000 5.0@5000",
      ])
  }

  @Test("one series replaced by another in a document of the same length gets its marker")
  func swapped() throws {
    var harness = try SessionHarness()
    try harness.ingest("a 1\nb 1\n", at: 1000)
    try harness.ingest("a 2\nc 2\n", at: 2000)
    #expect(try harness.stored() == ["a 1.0@1000 2.0@2000", "b 1.0@1000 !@2000", "c 2.0@2000"])
  }

  @Test("a failed scrape ends all series, once")
  func failure() throws {
    var harness = try SessionHarness()
    try harness.ingest("a 1\n", at: 1000)
    harness.session.fail(timestamp: 2000, now: 2000)
    harness.session.fail(timestamp: 3000, now: 3000)
    try harness.ingest("a 4\n", at: 4000)
    #expect(try harness.stored() == ["a 1.0@1000 !@2000 4.0@4000"])
  }

  @Test("a target that is gone ends its series and its report right after the last scrape")
  func removal() throws {
    var harness = try SessionHarness()
    try harness.ingest("a 1\n", at: 1000)
    harness.session.report(ScrapeOutcome(timestamp: 1000, samples: 1), isExtended: false, now: 1000)
    harness.session.finish()
    let stored = try SessionHarness.stored(harness.store)
    #expect(stored.contains("a 1.0@1000 !@1001") && stored.contains("up 1.0@1000 !@1001"))
    #expect(stored.count == 6)
  }

  @Test("timestamps of the target are kept and such series get no markers, unless asked for")
  func ownTimestamps() throws {
    var harness = try SessionHarness()
    try harness.ingest("a 1 500\nb 1\n", at: 1000)
    try harness.ingest("b 2\n", at: 2000)
    #expect(try harness.stored() == ["a 1.0@500", "b 1.0@1000 2.0@2000"])
    var ignoring = try SessionHarness { $0.honorTimestamps = false }
    try ignoring.ingest("a 1 500\n", at: 1000)
    #expect(try ignoring.stored() == ["a 1.0@1000"])
    var tracking = try SessionHarness { $0.trackTimestampsStaleness = true }
    try tracking.ingest("a 1 500\nb 1\n", at: 1000)
    try tracking.ingest("b 2\n", at: 2000)
    #expect(try tracking.stored() == ["a 1.0@500 !@2000", "b 1.0@1000 2.0@2000"])
  }

  @Test("a timestamp that does not move on is no fault")
  func sameTimestamp() throws {
    var harness = try SessionHarness()
    try harness.ingest("a 1 500\n", at: 1000)
    let tally = try harness.ingest("a 1 500\n", at: 2000)
    #expect(tally.stored.refused == 0)
  }

  @Test("of a series that comes twice in a document the first is kept and the second counted")
  func repeated() throws {
    var harness = try SessionHarness()
    let tally = try harness.ingest("a 1\na 2\n", at: 1000)
    #expect(tally.repeated == 1 && tally.kept == 1)
    // The same series in another spelling is found out by the store.
    let other = try harness.ingest("b{x=\"1\",y=\"2\"} 1\nb{y=\"2\",x=\"1\"} 2\n", at: 2000)
    #expect(other.stored.conflicting == 1)
    #expect(try harness.stored() == ["a 1.0@1000 !@2000", "b{x=\"1\", y=\"2\"} 1.0@2000"])
  }

  @Test("a series whose spelling changes between scrapes goes on without a marker")
  func respelt() throws {
    var harness = try SessionHarness()
    try harness.ingest("b{x=\"1\",y=\"2\"} 1\n", at: 1000)
    try harness.ingest("b{y=\"2\",x=\"1\"} 2\n", at: 2000)
    #expect(try harness.stored() == ["b{x=\"1\", y=\"2\"} 1.0@1000 2.0@2000"])
  }

  @Test("metric relabelling changes and drops series, also on later scrapes")
  func metricRelabelling() throws {
    var harness = try SessionHarness { job in
      job.metricRelabelRules = [
        try RelabelRule(action: .drop, sourceLabels: ["__name__"], regex: "b.*"),
        try RelabelRule(regex: "(.*)", targetLabel: "z", replacement: "1"),
      ]
    }
    for time in [1000, 2000] as [Int64] {
      let tally = try harness.ingest("a 1\nb1 1\nb2 1\n", at: time)
      #expect(tally.samples == 3 && tally.kept == 1)
    }
    #expect(try harness.stored() == ["a{z=\"1\"} 1.0@1000 1.0@2000"])
  }

  @Test("malformed lines are skipped, counted, and noted once")
  func malformed() throws {
    var harness = try SessionHarness()
    let first = try harness.ingest("a 1\nb{ 1\nc one\n", at: 1000)
    #expect(first.malformedLines == 2 && first.kept == 1)
    #expect(first.notes.count == 2 && first.notes.first?.hasPrefix("line 2:") == true)
    #expect(first.notes.last?.contains("c one") == true)
    let second = try harness.ingest("a 1\nb{ 1\nc one\nd d\n", at: 2000)
    #expect(second.malformedLines == 3 && second.notes.count == 1)
  }

  func error(_ harness: inout SessionHarness, _ text: String, at time: Int64, format: ExpositionFormat = .text)
    -> ScrapeError?
  {
    do {
      try harness.ingest(text, at: time, format: format)
      return nil
    } catch {
      return error as? ScrapeError
    }
  }

  @Test("a strict job fails at the first malformed line and stores nothing of the document")
  func strict() throws {
    var harness = try SessionHarness { $0.isStrict = true }
    #expect(error(&harness, "a 1\nb{ 1\n", at: 1000)?.code == "malformed")
    #expect(try harness.stored().isEmpty)
  }

  @Test("a document of which no line can be read fails")
  func nothingReadable() throws {
    var harness = try SessionHarness()
    let html = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"
    let fault = error(&harness, html, at: 1000)
    #expect(fault?.code == "malformed" && fault?.description.contains("1:1") == true)
    #expect(error(&harness, "", at: 2000) == nil)
  }

  @Test("OpenMetrics without its end marker is cut off and fails")
  func cutOff() throws {
    var harness = try SessionHarness()
    #expect(error(&harness, "a 1\n", at: 1000, format: .openMetrics)?.code == "incomplete")
    #expect(error(&harness, "a 1\n# EOF\n", at: 2000, format: .openMetrics) == nil)
  }

  @Test("limits fail the whole scrape with a line that names them")
  func limits() throws {
    var samples = try SessionHarness { $0.limits.samples = 2 }
    #expect(error(&samples, "a 1\nb 1\n", at: 1000) == nil)
    let fault = error(&samples, "a 1\nb 1\nc 1\n", at: 2000)
    #expect(fault?.code == "sample_limit" && fault?.description == "sample_limit exceeded (limit: 2)")
    var labels = try SessionHarness { $0.limits.labels = 4 }
    #expect(error(&labels, "a{x=\"1\"} 1\n", at: 1000) == nil)
    #expect(
      error(&labels, "a{x=\"1\",y=\"2\"} 1\n", at: 2000)?.description
        == "label_limit exceeded (metric: a, number of labels: 5, limit: 4)")
    var names = try SessionHarness { $0.limits.labelNameLength = 8 }
    #expect(error(&names, "a{ninechars=\"1\"} 1\n", at: 1000)?.code == "label_limit")
    var values = try SessionHarness { $0.limits.labelValueLength = 3 }
    #expect(error(&values, "a{x=\"1234\"} 1\n", at: 1000)?.description.contains("length: 4, limit: 3") == true)
  }

  @Test("dropped samples do not count against the sample limit")
  func limitAfterRelabelling() throws {
    var harness = try SessionHarness { job in
      job.limits.samples = 1
      job.metricRelabelRules = [try RelabelRule(action: .drop, sourceLabels: ["__name__"], regex: "b")]
    }
    #expect(error(&harness, "a 1\nb 1\n", at: 1000) == nil)
  }

  @Test("a million labels on one line are one error, quickly")
  func manyLabels() throws {
    let line = "a{" + (0..<1_000_000).map { "l\($0)=\"v\"" }.joined(separator: ",") + "} 1\n"
    var harness = try SessionHarness()
    let start = ContinuousClock.now
    #expect(error(&harness, line, at: 1000)?.code == "label_limit")
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("resolving new series stops when the time is up, and goes on from there at the next scrape")
  func overdue() throws {
    var harness = try SessionHarness()
    var text = (0..<200).map { "a\($0) 1\n" }.joined()
    let first = text.withUTF8 { bytes in
      Result {
        try harness.session.ingest(UnsafeRawBufferPointer(bytes), format: .text, timestamp: 1000, now: 1000) { true }
      }
    }
    #expect((#expect(throws: ScrapeError.self) { try first.get() })?.code == "timeout")
    #expect(try harness.stored().isEmpty)
    #expect(try harness.ingest(text, at: 2000).added == 200 - 63)
  }

  @Test("a full store refuses new series, which is counted at each scrape")
  func fullStore() throws {
    let store = SeriesStore(configuration: SeriesStoreConfiguration(maximumSeries: 1))
    var harness = try SessionHarness(store: store)
    #expect(try harness.ingest("a 1\nb 1\n", at: 1000).refused == 1)
    #expect(try harness.ingest("a 1\nb 1\n", at: 2000).refused == 1)
    #expect(try harness.stored() == ["a 1.0@1000 1.0@2000"])
  }

  @Test("series that the store evicted are stored anew")
  func eviction() throws {
    let store = SeriesStore(configuration: SeriesStoreConfiguration(retentionTime: 10_000))
    var harness = try SessionHarness(store: store)
    try harness.ingest("a 1\n", at: 1000)
    harness.session.fail(timestamp: 2000, now: 2000)
    store.enforceRetention(now: 100_000)
    try harness.ingest("a 2\n", at: 100_000)
    #expect(try harness.stored() == ["a 2.0@100000"])
  }

  @Test("a sense stores series under further names, and can change its mind")
  func sense() throws {
    let sense = RenamingSense()
    var harness = try SessionHarness(sense: sense)
    try harness.ingest("a 1\n", at: 1000)
    try harness.ingest("a 2\n", at: 2000)
    try harness.ingest("# y\na 3\n", at: 3000)
    #expect(
      try harness.stored() == ["a 1.0@1000 2.0@2000 3.0@3000", "a_x 1.0@1000 2.0@2000 !@3000", "a_y 3.0@3000"])
    try harness.ingest("# y\n", at: 4000)
    #expect(try harness.stored().last == "a_y 3.0@3000 !@4000")
  }

  @Test("metadata is passed on when it changes")
  func metadata() throws {
    var harness = try SessionHarness()
    try harness.ingest("# HELP a What a is.\n# TYPE a counter\na 1\n", at: 1000)
    #expect(harness.store.metadata()["a"] == MetricMetadata(type: .counter, help: "What a is."))
    try harness.ingest("# HELP a What a was.\n# TYPE a gauge\na 1\n", at: 2000)
    #expect(harness.store.metadata()["a"] == MetricMetadata(type: .gauge, help: "What a was."))
  }

  @Test("boundaries of histograms are written one way whatever the target writes")
  func boundaries() throws {
    var harness = try SessionHarness()
    try harness.ingest(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", at: 1000)
    #expect(try harness.stored().contains("h_bucket{le=\"1.0\"} 1.0@1000"))
  }

  @Test("the report has Prometheus's names, and the further ones on request")
  func report() throws {
    var harness = try SessionHarness { $0.limits.samples = 7 }
    let outcome = ScrapeOutcome(
      timestamp: 1000, duration: 0.25, bodyBytes: 99, samples: 5, samplesKept: 4, seriesAdded: 3)
    harness.session.report(outcome, isExtended: true, now: 1000)
    #expect(
      try SessionHarness.stored(harness.store) == [
        "scrape_body_size_bytes 99.0@1000", "scrape_duration_seconds 0.25@1000", "scrape_sample_limit 7.0@1000",
        "scrape_samples_post_metric_relabeling 4.0@1000", "scrape_samples_scraped 5.0@1000",
        "scrape_series_added 3.0@1000", "scrape_timeout_seconds 10.0@1000", "up 1.0@1000",
      ])
  }

  @Test("a target that makes up new series for each scrape, failing or not, does not grow the cache for ever")
  func churn() throws {
    var harness = try SessionHarness()
    var strict = try SessionHarness { $0.isStrict = true }
    for step in 1...30 {
      let text = (0..<1000).map { "m\(step)_\($0) 1\n" }.joined()
      try harness.ingest(text, at: Int64(step) * 1000)
      #expect(error(&strict, text + "malformed {\n", at: Int64(step) * 1000) != nil)
      strict.session.fail(timestamp: Int64(step) * 1000, now: Int64(step) * 1000)
    }
    #expect(harness.session.cache.entries.count <= 6000)
    #expect(strict.session.cache.entries.count <= 6000)
    // What is alive outlives the clearing.
    #expect(try harness.ingest((0..<1000).map { "m30_\($0) 2\n" }.joined(), at: 31_000).added == 0)
  }

  @Test(
    "no mutation of a document brings a session down, in either format",
    arguments: [ExpositionFormat.text, .openMetrics])
  func mutations(_ format: ExpositionFormat) throws {
    let original = Array(
      """
      # HELP a What a is.
      # TYPE a histogram
      a_bucket{le="1"} 1
      a_bucket{le="+Inf"} 2 # {trace_id="x"} 0.5
      a_sum 1.5e3
      # TYPE b counter
      # UNIT b seconds
      b{queue="q\\n\"1\"",vhost="/"} 5 1700000000000
      {"c d",x="y"} NaN
      # EOF

      """.utf8)
    let spice = Array("{}\",=#\\ \n\t+-.eN_é\u{0}".utf8)
    var harness = try SessionHarness()
    var generator = SplitMix64(seed: 7)
    for step in 1...3000 {
      var bytes = original
      for _ in 0...Int.random(in: 0...3, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0...3, using: &generator) {
        case 0: bytes[index] = spice.randomElement(using: &generator) ?? 0
        case 1: bytes.insert(spice.randomElement(using: &generator) ?? 0, at: index)
        case 2: bytes.remove(at: index)
        default: bytes.removeSubrange(index..<min(bytes.count, index + 20))
        }
        if bytes.isEmpty { bytes = original }
      }
      let time = Int64(step) * 1000
      do {
        let tally = try bytes.withUnsafeBytes {
          try harness.session.ingest($0, format: format, timestamp: time, now: time)
        }
        #expect(tally.kept <= tally.samples && tally.notes.count <= 10)
      } catch {
        #expect(error is ScrapeError && !"\(error)".contains("\n"))
        harness.session.fail(timestamp: time, now: time)
      }
    }
  }

  @Test("documents of random series, order and gaps are stored as a plain model says", arguments: 0..<10)
  func model(_ seed: UInt64) throws {
    var harness = try SessionHarness()
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    var expected: [String: [String]] = [:]
    var alive: Set<String> = []
    for step in 1...40 {
      let time = Int64(step) * 1000
      if next(6) == 0 {
        harness.session.fail(timestamp: time, now: time)
        for name in alive { expected[name, default: []].append("!@\(time)") }
        alive = []
        continue
      }
      var names = (0..<(50 + next(50))).map { "m\($0)" }.filter { _ in next(10) > 0 }
      if next(4) == 0 { names.reverse() }
      try harness.ingest(names.map { "\($0) \(step)\n" }.joined(), at: time)
      for name in names { expected[name, default: []].append("\(Double(step))@\(time)") }
      for name in alive.subtracting(names) { expected[name, default: []].append("!@\(time)") }
      alive = Set(names)
    }
    #expect(try harness.stored() == expected.map { "\($0.key) \($0.value.joined(separator: " "))" }.sorted())
  }
}
