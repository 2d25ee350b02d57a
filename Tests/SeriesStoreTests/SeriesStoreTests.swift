import Testing
import TimeSeries

@testable import SeriesStore

@Suite("Series store")
struct SeriesStoreTests {
  let now: Int64 = 1_800_000_000_000

  private func append(_ store: SeriesStore, _ labels: Labels, _ samples: [Sample]) throws -> AppendOutcome {
    let id = try #require(store.resolve(labels))
    var batch = SampleBatch()
    for sample in samples { batch.append(id, sample.timestamp, sample.value) }
    return store.append(batch, now: now)
  }

  private func values(_ store: SeriesStore, _ matchers: [LabelMatcher]) throws -> [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: try store.select(matchers, from: 0, through: .max).map {
        ($0.labels.description, $0.values)
      })
  }

  @Test func whatWasAppendedIsSelected() throws {
    let store = SeriesStore()
    let samples = (0..<1000).map { Sample(now - 15_000 * Int64(1000 - $0), Double($0)) }
    #expect(try append(store, Labels(name: "up", ["job": "a"]), samples).appended == 1000)
    let found = try store.select([LabelMatcher("__name__", equals: "up")], from: 0, through: .max)
    #expect(found.count == 1)
    #expect(found.first?.values == samples.map(\.value))
    #expect(found.first?.timestamps == samples.map(\.timestamp))
  }

  @Test func aRangeCutsChunksExactly() throws {
    let store = SeriesStore(configuration: .init(samplesPerChunk: 7))
    _ = try append(store, Labels(name: "x"), (0..<100).map { Sample(now - 100 + Int64($0), Double($0)) })
    let found = try store.select([LabelMatcher("__name__", equals: "x")], from: now - 80, through: now - 71)
    #expect(found.first?.values == (20..<30).map(Double.init))
  }

  @Test func matchersCombineAsInPromQL() throws {
    let store = SeriesStore()
    for queue in ["a", "b", "c"] {
      for vhost in ["/", "eu"] {
        _ = try append(
          store, Labels(name: "ready", ["queue": queue, "vhost": vhost]), [Sample(now, 1)])
      }
    }
    _ = try append(store, Labels(name: "ready", ["queue": "d"]), [Sample(now, 1)])
    func count(_ matchers: [LabelMatcher]) throws -> Int { try store.select(matchers, from: 0, through: now).count }
    let name = LabelMatcher("__name__", equals: "ready")
    #expect(try count([name]) == 7)
    #expect(try count([name, LabelMatcher("queue", .matches, "a|b")]) == 4)
    #expect(try count([name, LabelMatcher("queue", .matches, "[ab]"), LabelMatcher("vhost", .notEqual, "/")]) == 2)
    #expect(try count([name, LabelMatcher("vhost", equals: "")]) == 1)
    #expect(try count([LabelMatcher("queue", .doesNotMatch, "a|b|c")]) == 1)
    #expect(try count([LabelMatcher("nosuch", equals: "x")]) == 0)
  }

  @Test func everyRefusalIsNamedAndCounted() throws {
    let store = SeriesStore(configuration: .init(retentionTime: 3_600_000))
    let outcome = try append(
      store, Labels(name: "x"),
      [
        Sample(now - 3_600_001, 1), Sample(now - 10, 1), Sample(now - 10, 2), Sample(now - 11, 1),
        Sample(now + 600_001, 1), Sample(now, 1),
      ])
    #expect(outcome.tooOld == 1)
    #expect(outcome.duplicate == 0)
    #expect(outcome.conflicting == 1)
    #expect(outcome.outOfOrder == 1)
    #expect(outcome.tooFarAhead == 1)
    #expect(outcome.appended == 2)
    #expect(outcome.refusals.map(\.index) == [0, 2, 3, 4])
    var counts = outcome
    counts.refusals = []
    #expect(store.statistics.outcome == counts)
    #expect(try values(store, [LabelMatcher("__name__", equals: "x")]) == ["x": [1, 1]])
  }

  @Test func theSeriesBudgetRefusesNewSeriesAndKeepsOldOnes() throws {
    let store = SeriesStore(configuration: .init(maximumSeries: 2))
    #expect(store.resolve(Labels(name: "a")) != nil)
    #expect(store.resolve(Labels(name: "b")) != nil)
    #expect(store.resolve(Labels(name: "c")) == nil)
    #expect(store.resolve(Labels(name: "a")) != nil)
    #expect(store.statistics.refusedSeries == 1)
  }

  @Test func retentionInTimeDropsOldChunksThenTheSeriesAndItsLabels() throws {
    let store = SeriesStore(configuration: .init(retentionTime: 1000, samplesPerChunk: 2))
    _ = try append(store, Labels(name: "old", ["q": "gone"]), [Sample(now - 900, 1), Sample(now - 800, 2)])
    _ = try append(store, Labels(name: "new"), [Sample(now - 900, 1), Sample(now - 800, 2), Sample(now, 3)])
    store.enforceRetention(now: now + 500)
    #expect(try values(store, [LabelMatcher("__name__", equals: "new")]) == ["new": [3]])
    #expect(store.labelValues("q", from: 0, through: .max).isEmpty)
    #expect(store.statistics.series == 1)
    #expect(store.statistics.samples == 1)
    #expect(store.statistics.evictedSeries == 1)
    #expect(store.evictionGeneration == 1)
  }

  @Test func aSeriesJustResolvedSurvivesARetentionPass() throws {
    let store = SeriesStore()
    let id = try #require(store.resolve(Labels(name: "x")))
    store.enforceRetention(now: now)
    var batch = SampleBatch()
    batch.append(id, now, 1)
    #expect(store.append(batch, now: now).appended == 1)
  }

  @Test func appendingToAnEvictedSeriesSaysSo() throws {
    let store = SeriesStore(configuration: .init(retentionTime: 1000))
    let id = try #require(store.resolve(Labels(name: "x")))
    _ = try append(store, Labels(name: "x"), [Sample(now, 1)])
    store.enforceRetention(now: now + 5000)
    var batch = SampleBatch()
    batch.append(id, now + 6000, 1)
    #expect(store.append(batch, now: now + 6000).unknownSeries == 1)
    let again = try #require(store.resolve(Labels(name: "x")))
    #expect(again != id)
  }

  @Test func theByteBoundHoldsUnderACardinalityExplosion() throws {
    let bound = 2_000_000
    let store = SeriesStore(configuration: .init(retentionBytes: bound, samplesPerChunk: 20))
    let minute: Int64 = 60_000
    var time = now
    for round in 0..<60 {
      var batch = SampleBatch()
      for series in 0..<300 {
        // Every round brings new series, as a leak of auto-named queues does.
        guard let id = store.resolve(Labels(name: "m", ["q": "\(round)-\(series)"])) else { continue }
        for step in 0..<30 { batch.append(id, time + Int64(step), Double(series * step) * 0.37) }
      }
      store.append(batch, now: time)
      store.enforceRetention(now: time)
      // A round adds less than 400 kB, after which new series are refused until old ones are gone.
      #expect(store.statistics.bytes <= bound + 400_000)
      time += minute
    }
    #expect(store.statistics.evictedSeries > 0)
    #expect(store.statistics.series > 1000)
  }

  @Test func whenTheBytesAreFullLiveSeriesStayAndNewOnesAreRefused() throws {
    let store = SeriesStore(configuration: .init(retentionBytes: 100_000))
    for index in 0..<1000 {
      guard let id = store.resolve(Labels(name: "live", ["i": "\(index)"])) else { break }
      var batch = SampleBatch()
      batch.append(id, now, 1)
      store.append(batch, now: now)
    }
    let live = store.statistics.series
    store.enforceRetention(now: now + 1000)
    #expect(store.statistics.series == live)
    #expect(live < 1000)
    #expect(store.resolve(Labels(name: "another")) == nil)
    #expect(store.resolve(Labels(name: "live", ["i": "0"])) != nil)
    // Five minutes of silence later they may go.
    store.enforceRetention(now: now + 301_000)
    #expect(store.statistics.bytes <= 100_000)
    #expect(store.resolve(Labels(name: "another")) != nil)
  }

  @Test func byteAccountReturnsToZeroWhenEverythingIsGone() throws {
    let store = SeriesStore(configuration: .init(retentionTime: 1000, samplesPerChunk: 5))
    for index in 0..<50 {
      _ = try append(store, Labels(name: "m", ["i": "\(index)"]), (0..<33).map { Sample(now - 100 + $0, 1.5) })
    }
    store.setCurve(Labels(name: "m", ["i": "1"]), samples: [Sample(now + 10, 1)])
    store.enforceRetention(now: now + 10_000)
    store.enforceRetention(now: now + 10_000)
    #expect(store.statistics.bytes == 0)
    #expect(store.statistics.samples == 0)
    #expect(store.statistics.series == 0)
  }

  @Test func aFutureCurveIsReadBeyondTheNewestSampleAndReplaced() throws {
    let store = SeriesStore()
    let labels = Labels(name: "f_curve", ["q": "0.5"])
    let matcher = [LabelMatcher("__name__", equals: "f_curve")]
    store.setCurve(labels, samples: [Sample(now + 10, 1), Sample(now + 20, 2)])
    #expect(try values(store, matcher) == ["f_curve{q=\"0.5\"}": [1, 2]])
    store.setCurve(labels, samples: [Sample(now + 20, 5)])
    #expect(try values(store, matcher) == ["f_curve{q=\"0.5\"}": [5]])
    _ = try append(store, labels, [Sample(now + 20, 9)])
    #expect(try values(store, matcher) == ["f_curve{q=\"0.5\"}": [9]])
    #expect(store.latest(matcher, since: 0).map(\.sample) == [Sample(now + 20, 9)])
  }

  @Test func latestLeavesOutStaleSeries() throws {
    let store = SeriesStore()
    _ = try append(store, Labels(name: "a"), [Sample(now - 10, 1), Sample(now, StaleMarker.value)])
    _ = try append(store, Labels(name: "b"), [Sample(now - 1000, 1)])
    _ = try append(store, Labels(name: "c"), [Sample(now, 3)])
    let latest = try store.latest([LabelMatcher("__name__", .matches, "a|b|c")], since: now - 100)
    #expect(latest.map(\.labels.metricName) == ["c"])
  }

  @Test func readersAndWritersMayRunAtOnce() async throws {
    let store = SeriesStore(configuration: .init(retentionBytes: 400_000, samplesPerChunk: 10))
    let start = now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<2 {
        group.addTask {
          for step in 0..<400 {
            var batch = SampleBatch()
            for series in 0..<20 {
              guard let id = store.resolve(Labels(name: "m", ["w": "\(writer)", "s": "\(series)"])) else { continue }
              batch.append(id, start + Int64(step), Double(step))
            }
            store.append(batch, now: start + Int64(step))
          }
        }
      }
      group.addTask {
        for step in 0..<200 {
          let found = try store.select([LabelMatcher("__name__", equals: "m")], from: 0, through: .max)
          #expect(found.allSatisfy { $0.values == (0..<$0.values.count).map(Double.init) || step > 0 })
          store.enforceRetention(now: start + Int64(step))
        }
      }
      try await group.waitForAll()
    }
    #expect(store.statistics.outcome.appended == 2 * 400 * 20)
  }
}
