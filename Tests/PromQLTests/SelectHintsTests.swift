import Synchronization
import Testing
import TimeSeries

@testable import PromQL

@Suite("What a query tells its source")
struct SelectHintsTests {
  /// Notes what it is asked for, and has more samples than it may give if told so.
  private final class Witness: SeriesSource {
    let asked = Mutex<[SelectHints]>([])
    let isFull: Bool

    init(isFull: Bool = false) { self.isFull = isFull }

    func select(_ matchers: [LabelMatcher], from start: Int64, through end: Int64) throws -> [SeriesSamples] { [] }

    func select(
      _ matchers: [LabelMatcher], from start: Int64, through end: Int64, hints: SelectHints
    ) throws -> [SeriesSamples] {
      asked.withLock { $0.append(hints) }
      if isFull { throw SampleLimitExceeded(limit: hints.maximumSamples) }
      return []
    }
  }

  private let hour: Int64 = 3_600_000

  private func hints(_ text: String) throws -> [SelectHints] {
    let witness = Witness()
    let engine = QueryEngine()
    _ = try engine.range(
      engine.parse(text), from: 0, through: 24 * hour, step: hour, source: witness)
    return witness.asked.withLock { $0 }
  }

  @Test("a selector says how far apart its points are")
  func tellsTheStep() throws {
    let asked = try hints("a")
    #expect(asked.map(\.step) == [hour] && asked.map(\.range) == [0] && asked.map(\.aggregate) == [.last])
  }

  @Test(
    "a function of a range that summaries can answer says which it is",
    arguments: [
      ("max_over_time(a[2h])", SelectHints.Aggregate.maximum), ("min_over_time((a[2h]))", .minimum),
      ("sum_over_time(a[2h] offset 1h)", .sum), ("avg_over_time(a[2h])", .average), ("last_over_time(a[2h])", .last),
    ])
  func tellsTheAggregate(_ text: String, _ aggregate: SelectHints.Aggregate) throws {
    let asked = try hints(text)
    #expect(asked.map(\.aggregate) == [aggregate])
    #expect(asked.map(\.step) == [hour] && asked.map(\.range) == [2 * hour])
  }

  @Test(
    "a function that needs every sample asks for no coarser tier",
    arguments: ["rate(a[2h])", "quantile_over_time(0.5, a[2h])", "count_over_time(a[2h])"])
  func asksForSamples(_ text: String) throws {
    #expect(try hints(text).map(\.step) == [0])
  }

  @Test("inside a subquery the step is the subquery's")
  func tellsTheInnerStep() throws {
    #expect(try hints("max_over_time(rate(a[5m])[6h:30m])").map(\.step) == [0])
    #expect(try hints("max_over_time(a[6h:30m])").map(\.step) == [hour / 2])
  }

  @Test("a source that has too many samples ends the query with Prometheus's words")
  func endsAtTheLimit() throws {
    var options = QueryOptions()
    options.maximumSamples = 7
    let engine = QueryEngine(options: options)
    let witness = Witness(isFull: true)
    #expect(throws: QueryError.tooManySamples) { try engine.instant(engine.parse("a"), at: 0, source: witness) }
    #expect(witness.asked.withLock { $0.first?.maximumSamples } == 7)
  }
}
