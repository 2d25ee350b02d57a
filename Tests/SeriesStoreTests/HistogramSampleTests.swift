import Testing
import TimeSeries

@testable import SeriesStore

@Suite struct HistogramSampleTests {
  private let now: Int64 = 1_800_000_000_000

  private func histogram(_ counts: [Double]) -> FloatHistogram {
    FloatHistogram(count: counts.reduce(0, +), positive: .init(first: 0, counts: counts))
  }

  @Test func `histograms and numbers of one series come back in order, with hints of what lies between them`() throws {
    let store = SeriesStore()
    let id = try #require(store.resolve(Labels(name: "m")))
    var batch = SampleBatch()
    batch.append(id, now - 40, histogram([1, 2]))
    batch.append(id, now - 30, histogram([2, 2]))
    batch.append(id, now - 20, histogram([1, 9]))
    batch.append(id, now - 10, 5)
    #expect(store.append(batch, now: now).appended == 4)
    let found = try #require(try store.select([], from: 0, through: .max).first)
    #expect(found.timestamps == [now - 40, now - 30, now - 20, now - 10])
    #expect(found.values.map { HistogramReference.index($0) } == [0, 1, 2, nil])
    #expect(found.histograms == [histogram([1, 2]), histogram([2, 2]), histogram([1, 9])])
    // A count that fell begins a new run, of which nothing is known.
    #expect(found.histograms.map(\.hint) == [.unknown, .notReset, .unknown])
  }

  @Test func `the same histogram again is a duplicate, another one a conflict`() throws {
    let store = SeriesStore()
    let id = try #require(store.resolve(Labels(name: "m")))
    var batch = SampleBatch()
    batch.append(id, now, histogram([1]))
    batch.append(id, now, histogram([1]))
    batch.append(id, now, histogram([2]))
    let outcome = store.append(batch, now: now)
    #expect((outcome.appended, outcome.duplicate, outcome.conflicting) == (1, 1, 1))
  }

  @Test func `a number that looks like the place of a histogram is not one`() throws {
    let store = SeriesStore()
    let (a, b) = (try #require(store.resolve(Labels(name: "a"))), try #require(store.resolve(Labels(name: "b"))))
    var batch = SampleBatch()
    batch.append(a, now, histogram([1]))
    batch.append(b, now, HistogramReference.value(0))
    #expect(store.append(batch, now: now).appended == 2)
    let found = try store.select([LabelMatcher("__name__", equals: "b")], from: 0, through: .max)
    #expect(found.first?.histograms.isEmpty == true)
    #expect(found.first?.values.first?.bitPattern == StaleMarker.normalNaN.bitPattern)
  }

  @Test func `retention forgets histograms too`() throws {
    let store = SeriesStore(configuration: SeriesStoreConfiguration(retentionTime: 1000))
    let id = try #require(store.resolve(Labels(name: "m")))
    var batch = SampleBatch()
    batch.append(id, now, histogram([1]))
    store.append(batch, now: now)
    let before = store.statistics.bytes
    store.enforceRetention(now: now + 100_000)
    #expect(store.state.withLock { $0.histograms.entries.isEmpty })
    #expect(store.statistics.bytes < before)
  }
}
