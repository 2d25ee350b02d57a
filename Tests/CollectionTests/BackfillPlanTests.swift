import HarecastTestKit
import Testing
import TimeSeries

@testable import Collection

@Suite("The plan of fetching history")
struct BackfillPlanTests {
  private static let day: Int64 = 86_400_000
  private static let span = BackfillSpan(start: 0, end: 14 * day)

  private func configuration(_ change: (inout BackfillConfiguration) -> Void = { _ in }) -> BackfillConfiguration {
    var configuration = BackfillConfiguration(url: "http://s")
    configuration.requestsPerSecond = 1000
    change(&configuration)
    return configuration
  }

  private func plan(_ queries: [String], _ configuration: BackfillConfiguration) -> BackfillPlan {
    BackfillPlan(configuration, queries: queries.map { ($0, BackfillSpans()) }, span: Self.span)
  }

  private func ask(_ plan: inout BackfillPlan, _ now: inout Int64) throws -> BackfillPlan.Piece {
    switch plan.next(at: now) {
    case .ask(let piece): return piece
    case .wait(let moment):
      now = moment
      guard case .ask(let piece) = plan.next(at: now) else { throw NotAsked() }
      return piece
    default: throw NotAsked()
    }
  }

  private struct NotAsked: Error {}

  @Test("the newest history of every query comes first, two hours at once, and no more requests than allowed")
  func newestFirst() throws {
    var plan = plan(["a", "b"], configuration { $0.concurrency = 3 })
    var now: Int64 = 0
    let pieces = try (0..<3).map { _ in try ask(&plan, &now) }
    #expect(pieces.map { plan.text($0) } == ["a", "b", "a"])
    let hour: Int64 = 3_600_000
    let end = Self.span.end
    #expect(pieces[0].span == BackfillSpan(start: end - 2 * hour, end: end))
    #expect(pieces[1].span == pieces[0].span)
    #expect(pieces[2].span == BackfillSpan(start: end - 4 * hour, end: end - 2 * hour))
    #expect(plan.next(at: now + 1000) == .waitForAnswer)
  }

  @Test("requests are begun no faster than allowed")
  func rate() {
    var plan = plan(["a"], configuration { $0.requestsPerSecond = 4 })
    guard case .ask = plan.next(at: 1000) else { return #expect(Bool(false)) }
    #expect(plan.next(at: 1001) == .wait(until: 1250))
  }

  @Test("small answers make longer stretches, but never more than 11,000 values of a series; large ones shorter")
  func slices() throws {
    var plan = plan(["a"], configuration())
    var now: Int64 = 0
    var lengths: [Int64] = []
    for _ in 0..<5 {
      let piece = try ask(&plan, &now)
      lengths.append(piece.span.length / 60_000)
      _ = plan.finish(piece, .taken(bytes: 1000), at: now)
    }
    #expect(lengths == [120, 480, 1920, 7680, 9960])
    #expect(lengths.allSatisfy { $0 + 1 <= 11_000 })

    plan = self.plan(["a"], configuration())
    let piece = try ask(&plan, &now)
    _ = plan.finish(piece, .taken(bytes: 4 * BackfillPlan.targetBytes), at: now)
    #expect(try ask(&plan, &now).span.length == 30 * 60_000)
  }

  @Test("what is too much is asked for again in quarters, and a single moment that is too much ends the query")
  func tooMuch() throws {
    var plan = plan(["a", "b"], configuration())
    var now: Int64 = 0
    let piece = try ask(&plan, &now)
    #expect(plan.finish(piece, .tooMuch("large"), at: now) == [])
    let again = try ask(&plan, &now)
    #expect(again.query == piece.query && again.span.end == piece.span.end && again.span.length == 30 * 60_000)
    _ = plan.finish(again, .tooMuch("large"), at: now)
    for length in [7, 1] as [Int64] {
      let smaller = try ask(&plan, &now)
      #expect(smaller.span.length == length * 60_000)
      let events = plan.finish(smaller, .tooMuch("large"), at: now)
      #expect(events == (length == 1 ? [.queryRefused(query: "a", reason: "large")] : []))
    }
    #expect(plan.text(try ask(&plan, &now)) == "b")
  }

  @Test("a source that does not answer is asked again after 1, 2, 4 … 60 seconds, and as late as it wishes")
  func backoff() throws {
    var plan = plan(["a"], configuration { $0.concurrency = 1 })
    var now: Int64 = 0
    var pauses: [Int64] = []
    for attempt in 0..<9 {
      let piece = try ask(&plan, &now)
      let events = plan.finish(piece, .later("down", pause: nil), at: now)
      #expect(events == (attempt == 0 ? [.failing("down")] : []))
      guard case .wait(let moment) = plan.next(at: now) else { return #expect(Bool(false)) }
      pauses.append((moment - now) / 1000)
    }
    #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    let piece = try ask(&plan, &now)
    _ = plan.finish(piece, .later("busy", pause: 300_000), at: now)
    #expect(plan.next(at: now) == .wait(until: now + 300_000))
    #expect(plan.finish(try ask(&plan, &now), .taken(bytes: 10), at: now) == [.recovered])
  }

  @Test("requests that fail together make one pause")
  func commonFailure() throws {
    var plan = plan(["a", "b"], configuration { $0.concurrency = 2 })
    var now: Int64 = 0
    let pieces = [try ask(&plan, &now), try ask(&plan, &now)]
    _ = plan.finish(pieces[0], .later("down", pause: nil), at: now)
    _ = plan.finish(pieces[1], .later("down", pause: nil), at: now)
    #expect(plan.next(at: now) == .wait(until: now + 1000))
  }

  @Test("after an hour of failures the source is given up")
  func patience() throws {
    var plan = plan(["a"], configuration { $0.concurrency = 1 })
    var now: Int64 = 0
    var events: [BackfillPlan.Event] = []
    while events != [.sourceClosed("down")] {
      let piece = try ask(&plan, &now)
      events = plan.finish(piece, .later("down", pause: nil), at: now)
      #expect(now < 2 * 3_600_000)
    }
    #expect(now >= 3_600_000)
    #expect(plan.next(at: now) == .finish)
    #expect(plan.failure == "down")
  }

  @Test("a refused query leaves the others alone, a closed source ends all")
  func refusals() throws {
    var plan = plan(["a", "b"], configuration())
    var now: Int64 = 0
    let first = try ask(&plan, &now)
    #expect(plan.finish(first, .refused("bad"), at: now) == [.queryRefused(query: "a", reason: "bad")])
    #expect(plan.fraction == 0.5)
    let second = try ask(&plan, &now)
    #expect(plan.text(second) == "b")
    #expect(plan.finish(second, .closed("401"), at: now) == [.sourceClosed("401")])
    #expect(plan.next(at: now) == .finish)
  }

  @Test("whatever happens on the way, in the end everything is there, and nothing was taken twice")
  func completeness() throws {
    for seed in 0..<60 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let covered = BackfillSpans(BackfillSpan(start: 2 * Self.day, end: 3 * Self.day))
      var plan = BackfillPlan(
        configuration { $0.concurrency = 4 }, queries: [("a", BackfillSpans()), ("b", covered)], span: Self.span)
      var taken = [BackfillSpans(), covered]
      var underWay: [BackfillPlan.Piece] = []
      var now: Int64 = 0
      var failures = 0
      loop: while true {
        switch plan.next(at: now) {
        case .finish: break loop
        case .ask(let piece):
          underWay.append(piece)
          #expect(underWay.count <= 4)
          if Bool.random(using: &random) { continue }
        case .wait(let moment):
          now = moment
          continue
        case .waitForAnswer: break
        }
        let piece = underWay.remove(at: Int.random(in: underWay.indices, using: &random))
        let dice = Int.random(in: 0..<10, using: &random)
        if dice == 0, failures < 30 {
          failures += 1
          _ = plan.finish(piece, .later("x", pause: nil), at: now)
        } else if dice == 1, piece.span.length > 3_600_000 {
          _ = plan.finish(piece, .tooMuch("x"), at: now)
        } else {
          let before = taken[piece.query].length
          taken[piece.query].insert(piece.span)
          #expect(taken[piece.query].length == before + piece.span.length, "taken twice")
          _ = plan.finish(piece, .taken(bytes: Int.random(in: 0..<1 << 24, using: &random)), at: now)
        }
      }
      #expect(taken.map(\.spans) == [[Self.span], [Self.span]])
      #expect(plan.fraction == 1)
      #expect(plan.covered.map(\.spans) == taken)
    }
  }
}

@Suite("Stretches of time")
struct BackfillSpansTests {
  @Test("inserting and removing agree with a set of moments")
  func model() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<300 {
      var spans = BackfillSpans()
      var model: Set<Int64> = []
      for _ in 0..<20 {
        let start = Int64.random(in: 0..<50, using: &random)
        let end = Int64.random(in: 0..<50, using: &random)
        if Bool.random(using: &random) {
          spans.insert(BackfillSpan(start: start, end: end))
          if start < end { model.formUnion(start..<end) }
        } else {
          spans.remove(BackfillSpan(start: start, end: end))
          if start < end { model.subtract(start..<end) }
        }
      }
      #expect(Set(spans.spans.flatMap { Array($0.start..<$0.end) }) == model)
      #expect(spans.length == Int64(model.count))
      #expect(zip(spans.spans, spans.spans.dropFirst()).allSatisfy { $0.end < $1.start })
    }
  }

  @Test("what is remembered reads back, and anything else is nothing")
  func state() throws {
    var state = BackfillState()
    state.alive.insert(BackfillSpan(start: 100, end: 200))
    state.covered[BackfillState.hash("a")] = BackfillSpans(BackfillSpan(start: 0, end: 90))
    state.covered[BackfillState.hash("b")] = BackfillSpans()
    let read = try #require(BackfillState(state.encoded))
    #expect(read == state)
    #expect(read.covered("a").spans == [BackfillSpan(start: 0, end: 90), BackfillSpan(start: 100, end: 200)])
    #expect(read.covered("unknown").isEmpty)
    for text in [
      "", "x", "harecast backfill 1\nzz 1 2\n", "harecast backfill 1\na 1\n", "harecast backfill 1\na 5 4\n",
    ] {
      #expect(BackfillState(Array(text.utf8)) == nil, "\(text)")
    }
  }
}
