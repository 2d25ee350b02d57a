import Exposition
import RemoteWrite
import SeriesStore
import Synchronization
import TimeSeries

/// Takes remote-write requests, 1.0 and 2.0, into the store.
///
/// A request is acknowledged when its samples can no longer be lost. What is good in a request is stored even if
/// something else in it is not; the answer then says what was not, with status 400, since a retry would not help.
public final class RemoteWriteReceiver: Sendable {
  /// The bounds of one request.
  public let limits: WriteRequestLimits
  /// How many requests may be under way at once.
  public let maximumConcurrency: Int
  /// How long a request's body may take to arrive, in milliseconds.
  public let bodyTimeout: Int64

  private let store: SeriesStore
  private let time: any TimeSource
  private let metrics: RemoteWriteMetrics
  private let state: Mutex<State>
  private let seed: (UInt64, UInt64)

  private struct State {
    var running = 0
    var idle: [Workspace] = []
    /// Known label sets, valid for one generation of the store's evictions.
    var ids = KnownSeries()
    /// A hash of what senders said about a series' metric; only 2.0 says it.
    var metadata: [SeriesID: Int] = [:]
    var generation: UInt64 = 0
  }

  /// What one request at a time works with.
  private final class Workspace: @unchecked Sendable {
    // Whoever took it out of `idle` has it for himself.
    let decoder: WriteRequestDecoder
    var request = DecodedWriteRequest.empty

    init(_ decoder: WriteRequestDecoder) { self.decoder = decoder }
  }

  public init(
    store: SeriesStore, registry: MetricRegistry, time: any TimeSource,
    configuration: RemoteWriteReceiverConfiguration = RemoteWriteReceiverConfiguration()
  ) {
    self.store = store
    self.time = time
    limits = configuration.limits
    maximumConcurrency = configuration.maximumConcurrency
    bodyTimeout = configuration.bodyTimeout
    metrics = RemoteWriteMetrics(registry)
    seed = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
    state = Mutex(State())
  }

  /// Whether another request may be taken; call ``leave()`` when it is done with.
  public func enter() -> Bool {
    let isFree = state.withLock { state in
      guard state.running < maximumConcurrency else { return false }
      state.running += 1
      return true
    }
    if !isFree { metrics.countRequest(status: 503) }
    return isFree
  }

  /// Ends what ``enter()`` began.
  public func leave() { state.withLock { $0.running -= 1 } }

  /// Why a body of this size is refused before it is read; nil if it is not.
  public func refusal(bodyBytes: Int) -> WriteAnswer? {
    guard bodyBytes > limits.bodyBytes else { return nil }
    return answer(.tooLarge("the body has \(bodyBytes) bytes, the limit is \(limits.bodyBytes)"), .v1)
  }

  /// What to answer when a body has not arrived within ``bodyTimeout``.
  public func refusalOfSlowBody() -> WriteAnswer {
    metrics.countRequest(status: 408)
    let seconds = Double(bodyTimeout) / 1000
    return WriteAnswer(
      status: 408, text: "the body did not arrive within \(seconds) s", headers: [("Connection", "close")])
  }

  /// Stores a request.
  ///
  /// - Parameters:
  ///   - body: the compressed message.
  ///   - contentType: the header, if there was one.
  ///   - contentEncoding: the header, if there was one.
  public func receive(
    _ body: UnsafeRawBufferPointer, contentType: String?, contentEncoding: String?
  ) -> PendingWrite {
    let version: WriteProtocol
    do {
      version = try WriteProtocol.negotiated(contentType: contentType, contentEncoding: contentEncoding)
    } catch {
      return .answered(answer(error, .v1))
    }
    if case .degraded(let reason) = store.condition {
      // Asking makes the store look whether it works again.
      return .waiting(SampleBatch(), Tally(version: version, degraded: reason))
    }
    let workspace = state.withLock { $0.idle.popLast() } ?? Workspace(WriteRequestDecoder(limits: limits, seed: seed))
    defer { state.withLock { $0.idle.append(workspace) } }
    var tally = Tally(version: version)
    do {
      var batch = SampleBatch()
      try workspace.decoder.decode(body, as: version, into: &workspace.request) { request in
        fill(&batch, from: request, &tally)
      }
      return .waiting(batch, tally)
    } catch {
      return .answered(answer(error, version))
    }
  }

  /// A request between decoding and being durable.
  public enum PendingWrite: Sendable {
    case answered(WriteAnswer)
    case waiting(SampleBatch, Tally)
  }

  /// What became of the parts of a request.
  public struct Tally: Sendable {
    var version: WriteProtocol
    var degraded: String?
    var refusedSeries = 0
    var refusedSeriesSamples = 0
    var histograms = 0
    var exemplars = 0
    var hasRemarks = false
    var faults: [String] = []

    mutating func note(_ fault: String) { if faults.count < 5 { faults.append(fault) } }
  }

  /// Waits until a request's samples are durable, and says what to answer.
  public func finish(_ pending: PendingWrite) async -> WriteAnswer {
    guard case .waiting(let batch, var tally) = pending else {
      if case .answered(let answer) = pending { return answer }
      return WriteAnswer(status: 500, text: "")
    }
    var outcome = AppendOutcome()
    do throws(StoreError) {
      if batch.count > 0 || tally.degraded != nil { outcome = try await store.appendDurably(batch, now: time.now()) }
      if let reason = tally.degraded { throw .notAccepting(reason: reason) }
    } catch {
      metrics.countRequest(status: 503)
      var answer = WriteAnswer(status: 503, text: "\(error)")
      answer.headers.append(("Retry-After", "5"))
      answer.headers += writtenHeaders(tally.version, 0)
      return answer
    }
    metrics.count(outcome, tally)
    if outcome.unknownSeries > 0 {
      // The store dropped a series between decoding and appending: the sender's retry will find the present ids.
      state.withLock { $0.ids.removeAll() }
      metrics.countRequest(status: 503)
      return WriteAnswer(
        status: 503, text: "series left the store meanwhile, try again", headers: [("Retry-After", "1")])
    }
    for refusal in outcome.refusals.prefix(3) {
      tally.note(refusal.reason.rawValue)
    }
    let isWhole = outcome.refused == 0 && tally.refusedSeries == 0 && tally.histograms == 0 && !tally.hasRemarks
    var answer = WriteAnswer(status: isWhole ? 204 : 400, text: isWhole ? "" : text(outcome, tally))
    answer.headers += writtenHeaders(tally.version, outcome.appended + outcome.duplicate)
    metrics.countRequest(status: answer.status)
    return answer
  }

  // MARK: Decoded requests

  /// Puts the samples of all good series into the batch.
  private func fill(_ batch: inout SampleBatch, from request: DecodedWriteRequest, _ tally: inout Tally) {
    batch.reserveCapacity(request.timestamps.count)
    let generation = store.evictionGeneration
    var missing: [Int] = []
    // Known series whose sender says something new about the metric.
    var told: [(Int, SeriesID)] = []
    state.withLock { state in
      if state.generation != generation || state.ids.count > 2 * store.configuration.maximumSeries {
        state.ids.removeAll()
        state.metadata.removeAll()
        state.generation = generation
      }
      for index in request.series.indices {
        let series = request.series[index]
        tally.histograms += Int(series.histograms)
        tally.exemplars += Int(series.exemplars)
        if series.hasNotes, let remark = series.remark {
          tally.hasRemarks = true
          tally.note(remark)
        }
        if let id = state.ids.find(series.key), !series.hasNotes || series.fault == nil {
          Self.append(series, of: request, id, to: &batch)
          if series.hasNotes, let metadata = series.metadata, state.metadata[id] != metadata.hashValue {
            state.metadata[id] = metadata.hashValue
            told.append((index, id))
          }
        } else {
          missing.append(index)
        }
      }
    }
    if tally.histograms > 0 { tally.note("native histograms are not stored") }
    var found: [(DecodedWriteRequest.Key, SeriesID, MetricMetadata?)] = []
    for (index, id) in told {
      guard let metadata = request.series[index].metadata, let labels = store.labels(of: id) else { continue }
      store.setMetadata(metadata, for: labels.metricName)
    }
    for index in missing {
      let series = request.series[index]
      guard let id = resolve(series, in: request, &tally) else {
        tally.refusedSeries += 1
        tally.refusedSeriesSamples += series.samples.count
        continue
      }
      found.append((series.key, id, series.metadata))
      Self.append(series, of: request, id, to: &batch)
    }
    if !found.isEmpty {
      state.withLock { state in
        for (key, id, metadata) in found {
          state.ids.insert(key, id)
          if let metadata { state.metadata[id] = metadata.hashValue }
        }
      }
    }
    for (name, metadata) in request.metadata { store.setMetadata(metadata, for: name) }
  }

  private func resolve(
    _ series: DecodedWriteRequest.Series, in request: DecodedWriteRequest, _ tally: inout Tally
  ) -> SeriesID? {
    if let fault = series.fault {
      tally.note(fault)
      return nil
    }
    let labels: Labels
    do throws(LabelFault) {
      labels = try request.checkedLabels(of: series, limits: limits)
    } catch {
      tally.note("\(error)")
      return nil
    }
    if let metadata = series.metadata { store.setMetadata(metadata, for: labels.metricName) }
    guard let id = store.resolve(labels) else {
      tally.note("the store's budget of series is full")
      return nil
    }
    return id
  }

  private static func append(
    _ series: DecodedWriteRequest.Series, of request: DecodedWriteRequest, _ id: SeriesID, to batch: inout SampleBatch
  ) {
    for place in series.samples { batch.append(id, request.timestamps[place], request.values[place]) }
  }

  // MARK: Answers

  private func answer(_ error: WriteRequestError, _ version: WriteProtocol) -> WriteAnswer {
    metrics.countRequest(status: error.status)
    return WriteAnswer(status: error.status, text: "\(error)", headers: writtenHeaders(version, 0))
  }

  /// 2.0 senders read how much was written from headers.
  private func writtenHeaders(_ version: WriteProtocol, _ samples: Int) -> [(String, String)] {
    guard version == .v2 else { return [] }
    return [
      ("X-Prometheus-Remote-Write-Samples-Written", "\(samples)"),
      ("X-Prometheus-Remote-Write-Histograms-Written", "0"), ("X-Prometheus-Remote-Write-Exemplars-Written", "0"),
    ]
  }

  private func text(_ outcome: AppendOutcome, _ tally: Tally) -> String {
    var parts: [String] = []
    for (count, what) in [
      (outcome.outOfOrder, "out of order"), (outcome.conflicting, "duplicates with another value"),
      (outcome.tooOld, "too old"), (outcome.tooFarAhead, "too far in the future"),
      (tally.refusedSeriesSamples, "of refused series"), (tally.histograms, "native histograms"),
    ] where count > 0 { parts.append("\(count) \(what)") }
    if tally.refusedSeries > 0 { parts.append("\(tally.refusedSeries) series refused") }
    if tally.hasRemarks { parts.append("what cannot be understood") }
    let stored = outcome.appended + outcome.duplicate
    return
      "stored \(stored) samples, not stored: \(parts.joined(separator: ", ")) (\(tally.faults.joined(separator: "; ")))"
  }
}

/// What to answer a remote-write request.
public struct WriteAnswer: Sendable {
  public var status: Int
  public var text: String
  public var headers: [(String, String)]

  public init(status: Int, text: String, headers: [(String, String)] = []) {
    self.status = status
    self.text = text
    self.headers = headers
  }
}

/// What is counted about remote-write.
private struct RemoteWriteMetrics: Sendable {
  private let registry: MetricRegistry
  private let samples: Counter
  private let exemplars: Counter

  init(_ registry: MetricRegistry) {
    self.registry = registry
    samples = registry.counter(
      "harecast_remote_write_received_samples_total", help: "Samples that remote-write brought and that are stored.")
    exemplars = registry.counter(
      "harecast_remote_write_dropped_exemplars_total", help: "Exemplars that remote-write brought; none is stored.")
  }

  func countRequest(status: Int) {
    registry.counter(
      "harecast_remote_write_requests_total", help: "Requests to the remote-write receiver, by status.",
      labels: ["code": "\(status)"]
    ).increment()
  }

  func count(_ outcome: AppendOutcome, _ tally: RemoteWriteReceiver.Tally) {
    samples.increment(by: Double(outcome.appended))
    if tally.exemplars > 0 { exemplars.increment(by: Double(tally.exemplars)) }
    for (reason, count) in [
      ("out_of_order", outcome.outOfOrder), ("duplicate", outcome.duplicate), ("conflicting", outcome.conflicting),
      ("too_old", outcome.tooOld), ("too_far_in_future", outcome.tooFarAhead),
      ("refused_series", tally.refusedSeriesSamples), ("native_histogram", tally.histograms),
    ] where count > 0 {
      registry.counter(
        "harecast_remote_write_refused_samples_total",
        help: "Samples that remote-write brought and that were not stored, by reason.", labels: ["reason": reason]
      ).increment(by: Double(count))
    }
  }
}
