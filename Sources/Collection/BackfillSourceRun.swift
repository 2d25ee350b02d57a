import HTTPFetch
import Logging
import TimeSeries

/// Fetches the history of one source: performs what its plan asks for.
struct BackfillSourceRun: Sendable {
  /// The most metrics that one selector may select.
  private static let mostMetrics = 20_000
  /// The most series that may say who a target is.
  private static let mostTargets = 100_000
  /// Milliseconds between two notes of what was done.
  private static let savePause: Int64 = 2_000
  private static let logPause: Int64 = 10_000
  private static let alivePause: Int64 = 60_000

  let configuration: BackfillConfiguration
  let metricNames: [String]
  let identity: BackfillIdentity?
  let destination: BackfillDestination
  let client: HTTPClient
  let time: any TimeSource
  let metrics: BackfillMetrics
  let log: Logger

  /// What is told to the loop that owns the plan.
  private enum Message: Sendable {
    case answer(BackfillPlan.Piece, BackfillPlan.Outcome, Tally)
    case tick
  }

  private struct Tally: Sendable {
    var samples = 0
    var series: [UInt64] = []
  }

  /// What the loop knows besides the plan.
  private struct Course {
    let start: Int64
    let span: BackfillSpan
    var state: BackfillState
    var targets = KnownTargets()
    var progress = BackfillProgress()
    let report: @Sendable (BackfillProgress) -> Void
    var series: Set<UInt64> = []
    var lastSave: Int64
    var lastLog: Int64
  }

  /// Runs until the task is cancelled.
  func run(_ report: @escaping @Sendable (BackfillProgress) -> Void) async {
    let now = time.now()
    let step = configuration.step
    let span = BackfillSpan(
      start: max(0, now - configuration.range) / step * step, end: max(step, now / step * step))
    var course = Course(start: now, span: span, state: loadState(), report: report, lastSave: now, lastLog: now)
    do throws(CancellationError) {
      if let queries = try await queries(span, &course), try await learnTargets(span, &course) {
        var plan = BackfillPlan(
          configuration, queries: queries.map { ($0, course.state.covered($0)) }, span: span)
        course.state = BackfillState()
        await fetch(&plan, &course)
        if Task.isCancelled { return save(plan, &course) }
        finish(plan, &course)
        while true {
          save(plan, &course)
          try await sleep(until: time.now() + Self.alivePause)
        }
      }
      finish(nil, &course)
    } catch {}
  }

  private func fetch(_ plan: inout BackfillPlan, _ course: inout Course) async {
    let targets = course.targets
    await withTaskGroup(of: Message.self) { group in
      var isTicking = false
      loop: while !Task.isCancelled {
        switch plan.next(at: time.now()) {
        case .finish: break loop
        case .ask(let piece):
          let query = plan.text(piece)
          group.addTask { await perform(piece, query, targets) }
          continue
        case .wait(let moment):
          if !isTicking {
            isTicking = true
            group.addTask {
              try? await time.sleep(until: moment)
              return .tick
            }
          }
        case .waitForAnswer: break
        }
        guard let message = await group.next(), !Task.isCancelled else { break }
        switch message {
        case .tick: isTicking = false
        case .answer(let piece, let outcome, let tally):
          take(plan.finish(piece, outcome, at: time.now()), &course)
          metrics.count(outcome, samples: tally.samples)
          course.series.formUnion(tally.series)
          course.progress.samples += tally.samples
          update(plan, &course)
        }
      }
      group.cancelAll()
    }
  }

  // MARK: One request

  private func perform(_ piece: BackfillPlan.Piece, _ query: String, _ targets: KnownTargets) async -> Message {
    var tally = Tally()
    let outcome = await outcome(of: piece, query, targets, &tally)
    return .answer(piece, outcome, tally)
  }

  private func outcome(
    of piece: BackfillPlan.Piece, _ query: String, _ targets: KnownTargets, _ tally: inout Tally
  ) async -> BackfillPlan.Outcome {
    do {
      let request = try BackfillRequest(configuration: configuration).range(query, piece.span)
      let response = try await client.fetch(request)
      if let outcome = BackfillRequest.judge(response) { return outcome }
      var answer = try BackfillAnswer(response.body, span: piece.span)
      while var series = try answer.next() {
        BackfillAnswer.markGaps(&series, step: configuration.step, end: piece.span.end)
        if series.timestamps.isEmpty { continue }
        for named in names(of: series.labels, targets) {
          guard let labels = RelabelRule.apply(configuration.relabelRules, to: named), !labels.isEmpty else { continue }
          try Task.checkCancellation()
          tally.samples += try await append(labels, series)
          tally.series.append(labels.fingerprint)
        }
      }
      return .taken(bytes: response.body.count)
    } catch let error as HTTPFetchError {
      return BackfillRequest.judge(error)
    } catch let error as BackfillAnswerError {
      return .refused("\(error)")
    } catch {
      return .later("\(error)", pause: nil)
    }
  }

  private func names(of series: Labels, _ targets: KnownTargets) -> [Labels] {
    guard let identity, let said = targets[series] else { return [series] }
    return identity.expand(said, series)
  }

  private func append(_ labels: Labels, _ series: SeriesSamples) async throws -> Int {
    do {
      return try await destination.append(labels, series.timestamps, series.values, time.now())
    } catch {
      throw BackfillStoreError(description: "the store does not take history: \(error)")
    }
  }

  // MARK: What to ask for

  /// The queries of this source; nil if it does not let us know them.
  private func queries(_ span: BackfillSpan, _ course: inout Course) async throws(CancellationError) -> [String]? {
    var result: [String] = []
    var known: Set<String> = []
    func add(_ query: String) { if known.insert(query).inserted { result.append(query) } }
    if configuration.match.isEmpty {
      for name in metricNames { add(BackfillSelector.query(metric: name)) }
    }
    for selector in configuration.match.compactMap(BackfillSelector.init) {
      if selector.isNamed {
        add(selector.text)
      } else {
        guard let names = try await names(selector, span, &course) else { return nil }
        for name in names { add(selector.query(metric: name)) }
      }
    }
    return result
  }

  private func names(
    _ selector: BackfillSelector, _ span: BackfillSpan, _ course: inout Course
  ) async throws(CancellationError) -> [String]? {
    let requests = BackfillRequest(configuration: configuration)
    return try await ask(selector.text, &course, otherwise: []) {
      try requests.names(selector.text, span)
    } read: { body in
      try BackfillAnswer.names(body, limit: Self.mostMetrics)
    }
  }

  /// Asks who the source's targets are; false if the source is given up.
  private func learnTargets(_ span: BackfillSpan, _ course: inout Course) async throws(CancellationError) -> Bool {
    guard let identity else { return true }
    let requests = BackfillRequest(configuration: configuration)
    let selector = BackfillSelector.query(metric: identity.metric)
    let series: [Labels]? = try await ask(selector, &course, otherwise: []) {
      try requests.series(selector, span)
    } read: { body in
      try BackfillAnswer.series(body, limit: Self.mostTargets)
    }
    guard let series else { return false }
    course.targets = KnownTargets(series, identity)
    if !course.targets.ambiguous.isEmpty {
      log.warning(
        "targets that have been more than one node keep the labels that the source gives them",
        metadata: ["instances": "\(course.targets.ambiguous.sorted().joined(separator: ", "))"])
    }
    return true
  }

  /// Asks a question about the source until it is answered: `fallback` if it is refused, nil if the source is given up.
  private func ask<Answer>(
    _ query: String, _ course: inout Course, otherwise fallback: Answer, request: () throws -> HTTPRequest,
    read: ([UInt8]) throws -> Answer
  ) async throws(CancellationError) -> Answer? {
    var backoff = RetryBackoff()
    while true {
      let outcome: BackfillPlan.Outcome
      do {
        let response = try await client.fetch(try request())
        if let bad = BackfillRequest.judge(response) {
          outcome = bad
        } else {
          if backoff.isFailing { take([.recovered], &course) }
          return try read(response.body)
        }
      } catch let error as HTTPFetchError {
        outcome = BackfillRequest.judge(error)
      } catch let error as BackfillAnswerError {
        outcome = .refused("\(error)")
      } catch {
        outcome = .later("\(error)", pause: nil)
      }
      if Task.isCancelled { throw CancellationError() }
      metrics.count(outcome, samples: 0)
      switch outcome {
      case .later(let reason, let pause):
        if !backoff.isFailing { take([.failing(reason)], &course) }
        guard backoff.failed(at: time.now(), pause: pause) else {
          take([.sourceClosed(reason)], &course)
          return nil
        }
        try await sleep(until: backoff.resumeAt)
      case .refused(let reason), .tooMuch(let reason):
        take([.queryRefused(query: query, reason: reason)], &course)
        return fallback
      case .closed(let reason):
        take([.sourceClosed(reason)], &course)
        return nil
      case .taken: return fallback
      }
    }
  }

  private func sleep(until moment: Int64) async throws(CancellationError) {
    do { try await time.sleep(until: moment) } catch { throw CancellationError() }
  }

  // MARK: Telling

  private func take(_ events: [BackfillPlan.Event], _ course: inout Course) {
    for event in events {
      switch event {
      case .failing(let reason):
        log.warning("the source of history does not answer; trying again", metadata: ["reason": "\(reason)"])
        note(isSilent: true, &course)
      case .recovered:
        log.notice("the source of history answers again")
        note(isSilent: false, &course)
      case .queryRefused(let query, let reason):
        log.error(
          "the source of history refuses a query; the others go on",
          metadata: ["query": "\(query)", "reason": "\(reason)"])
        // One line for each of thousands of queries helps nobody.
        if course.progress.failures.count < 100 {
          course.progress.failures.append("\(configuration.url): \(query): \(reason)")
        }
      case .sourceClosed(let reason):
        log.error("the source of history is given up", metadata: ["reason": "\(reason)"])
        course.progress.failures.append("\(configuration.url): \(reason)")
      }
    }
  }

  private func note(isSilent: Bool, _ course: inout Course) {
    course.progress.silentSources = isSilent ? [configuration.url] : []
    course.progress.isSettled = isSilent
    course.report(course.progress)
  }

  private func update(_ plan: BackfillPlan, _ course: inout Course) {
    let now = time.now()
    course.progress.fraction = plan.fraction
    course.progress.series = course.series.count
    let elapsed = Double(now - course.start) / 1000
    if plan.fraction > 0 { course.progress.secondsLeft = elapsed * (1 - plan.fraction) / plan.fraction }
    metrics.show(course.progress)
    course.report(course.progress)
    if now - course.lastSave >= Self.savePause { save(plan, &course) }
    if now - course.lastLog >= Self.logPause {
      course.lastLog = now
      log.info("fetching history", metadata: words(course.progress))
    }
  }

  private func finish(_ plan: BackfillPlan?, _ course: inout Course) {
    course.progress.fraction = 1
    course.progress.secondsLeft = 0
    course.progress.isFinished = true
    course.progress.isSettled = true
    course.progress.silentSources = []
    metrics.show(course.progress)
    course.report(course.progress)
    var metadata = words(course.progress)
    metadata["seconds"] = "\(Int((time.now() - course.start) / 1000))"
    metadata["failures"] = course.progress.failures.isEmpty ? nil : "\(course.progress.failures.count)"
    log.notice("history fetched", metadata: metadata)
  }

  private func words(_ progress: BackfillProgress) -> Logger.Metadata {
    var words: Logger.Metadata = [
      "percent": "\(Int(progress.fraction * 100))", "series": "\(progress.series)", "samples": "\(progress.samples)",
    ]
    if let left = progress.secondsLeft, left.isFinite, left > 0 {
      words["seconds_left"] = "\(Int(min(left, 1e9).rounded(.up)))"
    }
    return words
  }

  // MARK: What is remembered

  private func loadState() -> BackfillState {
    do {
      guard let bytes = try destination.state(BackfillState.key(configuration)) else { return BackfillState() }
      if let state = BackfillState(bytes) { return state }
      log.warning("what was fetched before cannot be read; all history is fetched again")
    } catch {
      log.warning("what was fetched before is not known", metadata: ["error": "\(error)"])
    }
    return BackfillState()
  }

  private func save(_ plan: BackfillPlan, _ course: inout Course) {
    course.lastSave = time.now()
    for (query, spans) in plan.covered { course.state.covered[BackfillState.hash(query)] = spans }
    course.state.alive = BackfillSpans(
      BackfillSpan(start: course.span.end, end: course.lastSave / configuration.step * configuration.step))
    do {
      try destination.saveState(course.state.encoded, BackfillState.key(configuration))
    } catch {
      log.warning("cannot note what was fetched", metadata: ["error": "\(error)"])
    }
  }
}

/// The store did not take what was fetched.
private struct BackfillStoreError: Error, CustomStringConvertible {
  let description: String
}
