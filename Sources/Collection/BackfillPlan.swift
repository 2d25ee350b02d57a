import HTTPFetch

/// What to ask a source for next, and what becomes of the answers; a pure state machine.
///
/// The newest history of all queries comes first. The stretch asked for at once adapts to the size of the answers.
struct BackfillPlan: Sendable {
  /// One request: a query over a stretch of time.
  struct Piece: Sendable, Hashable {
    var query: Int
    var span: BackfillSpan
  }

  /// What became of a request.
  enum Outcome: Sendable, Equatable {
    /// It is in the store; so many bytes came.
    case taken(bytes: Int)
    /// It is too much for one request.
    case tooMuch(String)
    /// The source cannot answer now; it asks for a pause in milliseconds, or not.
    case later(String, pause: Int64?)
    /// The source does not answer this query at all.
    case refused(String)
    /// The source does not answer us at all.
    case closed(String)
  }

  /// What to do now.
  enum Action: Sendable, Equatable {
    case ask(Piece)
    case wait(until: Int64)
    /// Nothing, until a request that is under way ends.
    case waitForAnswer
    case finish
  }

  /// What is worth telling.
  enum Event: Sendable, Equatable {
    case failing(String)
    case recovered
    case queryRefused(query: String, reason: String)
    case sourceClosed(String)
  }

  private struct Query: Sendable {
    let text: String
    var missing: BackfillSpans
    var covered: BackfillSpans
    /// How much to ask for at once, in milliseconds.
    var slice: Int64
    var isRefused = false
  }

  /// The size of an answer that is aimed at, in bytes.
  static let targetBytes = 8 << 20
  private static let firstSlice: Int64 = 2 * 3_600_000

  private let step: Int64
  private let gap: Int64
  private let concurrency: Int
  private var queries: [Query]
  private var underWay: Set<Piece> = []
  private var backoff = RetryBackoff()
  private var nextRequest: Int64 = .min
  private var closedReason: String?
  private let wanted: Int64

  /// - Parameters:
  ///   - queries: each with what is in the store already.
  ///   - span: what is wanted, both ends multiples of the step.
  init(_ configuration: BackfillConfiguration, queries: [(text: String, covered: BackfillSpans)], span: BackfillSpan) {
    step = configuration.step
    gap = Int64((1000 / configuration.requestsPerSecond).rounded(.up))
    concurrency = configuration.concurrency
    let slice = max(configuration.step, Self.firstSlice / configuration.step * configuration.step)
    self.queries = queries.map { text, covered in
      var missing = BackfillSpans(span)
      missing.remove(covered)
      return Query(
        text: text, missing: missing, covered: covered, slice: min(slice, configuration.longestSlice))
    }
    wanted = max(1, self.queries.reduce(0) { $0 + $1.missing.length })
    longestSlice = configuration.longestSlice
  }

  private let longestSlice: Int64

  /// The text of a piece's query.
  func text(_ piece: Piece) -> String { queries[piece.query].text }

  /// What is in the store, by query.
  var covered: [(text: String, spans: BackfillSpans)] { queries.map { ($0.text, $0.covered) } }

  /// The part of what was missing at the start that needs no asking any more, from 0 to 1.
  var fraction: Double {
    if closedReason != nil { return 1 }
    var left = queries.reduce(0) { $0 + ($1.isRefused ? 0 : $1.missing.length) }
    for piece in underWay { left += piece.span.length }
    return min(1, max(0, 1 - Double(left) / Double(wanted)))
  }

  /// Why the source was given up, if it was.
  var failure: String? { closedReason }

  /// The next thing to do; a piece that is given is under way until its outcome is told.
  ///
  /// - Complexity: O(queries).
  mutating func next(at now: Int64) -> Action {
    if closedReason != nil { return underWay.isEmpty ? .finish : .waitForAnswer }
    var choice: (index: Int, span: BackfillSpan)?
    for index in queries.indices where !queries[index].isRefused {
      guard let span = queries[index].missing.newest, span.end > choice?.span.end ?? .min else { continue }
      choice = (index, span)
    }
    guard let choice else { return underWay.isEmpty ? .finish : .waitForAnswer }
    if underWay.count >= concurrency { return .waitForAnswer }
    let ready = max(backoff.resumeAt, nextRequest)
    if now < ready { return .wait(until: ready) }
    let start = max(choice.span.start, choice.span.end - queries[choice.index].slice)
    let piece = Piece(query: choice.index, span: BackfillSpan(start: start, end: choice.span.end))
    queries[choice.index].missing.remove(piece.span)
    underWay.insert(piece)
    nextRequest = now + gap
    return .ask(piece)
  }

  /// Takes in what became of a piece.
  mutating func finish(_ piece: Piece, _ outcome: Outcome, at now: Int64) -> [Event] {
    guard underWay.remove(piece) != nil else { return [] }
    if case .taken(let bytes) = outcome {
      queries[piece.query].covered.insert(piece.span)
      adapt(&queries[piece.query].slice, to: bytes, over: piece.span.length)
    } else {
      queries[piece.query].missing.insert(piece.span)
    }
    if closedReason != nil { return [] }
    switch outcome {
    case .taken: return answered()
    case .tooMuch(let reason):
      let events = answered()
      guard piece.span.length > step else { return events + refuse(piece.query, reason) }
      let part = max(step, piece.span.length / 4 / step * step)
      queries[piece.query].slice = min(queries[piece.query].slice, part)
      return events
    case .later(let reason, let pause):
      let wasFailing = backoff.isFailing
      guard backoff.failed(at: now, pause: pause) else {
        closedReason = reason
        return [.sourceClosed(reason)]
      }
      return wasFailing ? [] : [.failing(reason)]
    case .refused(let reason): return answered() + refuse(piece.query, reason)
    case .closed(let reason):
      closedReason = reason
      return [.sourceClosed(reason)]
    }
  }

  private mutating func answered() -> [Event] {
    defer { backoff.succeeded() }
    return backoff.isFailing ? [.recovered] : []
  }

  private mutating func refuse(_ index: Int, _ reason: String) -> [Event] {
    if queries[index].isRefused { return [] }
    queries[index].isRefused = true
    return [.queryRefused(query: queries[index].text, reason: reason)]
  }

  private func adapt(_ slice: inout Int64, to bytes: Int, over length: Int64) {
    // A piece that ended at the edge of what is missing says little of a whole slice.
    guard length >= slice else { return }
    let share = Double(Self.targetBytes) / Double(max(bytes, 1))
    let wanted = Double(length) * min(4, share)
    slice = min(longestSlice, max(step, Int64(wanted) / step * step))
  }
}

extension BackfillConfiguration {
  /// The longest stretch that one request may ask for, in milliseconds.
  var longestSlice: Int64 { step * (Self.mostPoints - 1) }
}
