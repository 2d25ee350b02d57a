import Exposition
import SeriesStore
import TimeSeries

/// What one scrape brought.
struct ScrapeTally: Sendable, Equatable {
  var samples = 0
  var kept = 0
  var added = 0
  var malformedLines = 0
  /// Samples of a series that the document had before.
  var repeated = 0
  /// Samples of series that the store had no room for.
  var refused = 0
  var stored = AppendOutcome()
  /// Lines for the log: malformed lines that were not seen before.
  var notes: [String] = []
}

/// The memory of one target between scrapes, and the way of a document into the store. It opens no sockets and knows
/// no clock.
///
/// A scrape is ``ingest(_:format:timestamp:now:isOverdue:)`` or, if there is no document or it throws,
/// ``fail(timestamp:now:)``; then ``report(_:timestamp:now:)``. In the end comes ``finish()``.
struct ScrapeSession: Sendable {
  let store: SeriesStore
  private(set) var job: ScrapeConfiguration
  private(set) var target: ScrapeTarget
  private(set) var sense: (any TargetSense)?
  private var admission: SeriesAdmission
  var cache = SeriesCache()
  var metadata = MetadataCache()
  var batch = SampleBatch()
  /// Samples with timestamps of their own, for which "the same as before" is no fault.
  var timedBatch = SampleBatch()
  /// Series that were alive and that nothing of the target is stored under any more.
  var orphans: [SeriesID] = []
  private(set) var scrape: UInt32 = 0
  /// Identities of earlier epochs must be resolved anew.
  private(set) var epoch: UInt32 = 1
  private var generation: UInt64
  private var knownFaults: Set<UInt64> = []
  /// Stored series of the document under way, and those of them that were not alive before.
  private(set) var currentCount = 0
  private(set) var revivedCount = 0
  var lastTimestamp: Int64?
  var reportIDs: [SeriesID] = []
  var reportEpoch: UInt32 = 0

  /// More labels than this on one line fail the scrape, whatever is configured.
  static let maximumLabels = 512

  init(store: SeriesStore, job: ScrapeConfiguration, target: ScrapeTarget, sense: (any TargetSense)?) {
    self.store = store
    self.job = job
    self.target = target
    self.sense = sense
    admission = SeriesAdmission(target: target, job: job)
    generation = store.evictionGeneration
  }

  /// Goes on with another configuration, or with other settings of the same target.
  mutating func adopt(_ job: ScrapeConfiguration, _ target: ScrapeTarget, _ sense: (any TargetSense)?) {
    self.job = job
    self.target = target
    self.sense = sense
    admission = SeriesAdmission(target: target, job: job)
    epoch &+= 1
  }

  /// Reads a document and stores its samples; series that were in the last document and not in this one get a marker.
  ///
  /// - Parameters:
  ///   - timestamp: UTC milliseconds for samples that have no timestamp of their own.
  ///   - now: the clock.
  ///   - isOverdue: asked now and then while new series are resolved; true fails the scrape.
  /// - Throws: ``ScrapeError`` if the document exceeds a limit or cannot be used at all; nothing is then stored.
  mutating func ingest(
    _ body: UnsafeRawBufferPointer, format: ExpositionFormat, timestamp: Int64, now: Int64,
    isOverdue: () -> Bool = { false }
  ) throws(ScrapeError) -> ScrapeTally {
    beginScrape()
    if sense?.willParse(body) == true { epoch &+= 1 }
    let honorTimestamps = job.honorTimestamps
    let sampleLimit = job.limits.samples > 0 ? job.limits.samples : Int.max
    var tally = ScrapeTally()
    var unreadable = 0
    var firstFault: MalformedLine?
    var family: (name: UnsafeRawBufferPointer, type: MetricType)?
    var scanner = ExpositionScanner(body, format: format)
    var lines = LineFinder(body)
    while let event = scanner.next() {
      switch event {
      case .sample(let sample):
        tally.samples &+= 1
        var found = cache.find(sample)
        if found.map({ cache.entries[$0].epoch != epoch }) ?? true {
          resolvedCount &+= 1
          if resolvedCount & 63 == 0, isOverdue() {
            throw ScrapeError(code: "timeout", "resolving new series took longer than the scrape timeout")
          }
          let type = family.flatMap { sample.series.starts(with: $0.name) ? $0.type : nil }
          do throws(Refusal) {
            found = try resolve(sample, known: found, type: type, scanner, &tally)
          } catch {
            switch error {
            case .limit(let error): throw error
            case .malformed(let line):
              unreadable += 1
              if firstFault == nil { firstFault = line }
              try note(line, &lines, &tally)
              continue
            }
          }
        }
        guard let index = found else { continue }
        take(sample.value, honorTimestamps ? sample.timestamp : nil, index, timestamp, &tally)
        if tally.kept > sampleLimit {
          throw ScrapeError(code: "sample_limit", "sample_limit exceeded (limit: \(sampleLimit))")
        }
      case .type(let name, let type):
        family = (name.bytes, type)
        metadata.setType(name, type)
      case .help(let name, let text): metadata.setHelp(name, text)
      case .unit(let name, let text): metadata.setUnit(name, text)
      case .malformed(let line):
        if line.reason == .endMarkerMissing {
          throw ScrapeError(code: "incomplete", "the document is cut off: \(line)")
        }
        if firstFault == nil { firstFault = line }
        try note(line, &lines, &tally)
      }
    }
    if let firstFault, tally.samples == unreadable {
      throw ScrapeError(code: "malformed", "no line of the document can be read as a metric; the first: \(firstFault)")
    }
    commit(timestamp: timestamp, now: now, &tally)
    return tally
  }

  private var resolvedCount = 0

  private mutating func beginScrape() {
    scrape &+= 1
    currentCount = 0
    revivedCount = 0
    resolvedCount = 0
    batch.removeAll()
    timedBatch.removeAll()
    cache.rewind()
    let current = store.evictionGeneration
    if current != generation {
      generation = current
      epoch &+= 1
      metadata.reset()
    }
  }

  /// Puts a sample of a resolved series into the batch, stamped with its own time if it has one.
  @inline(__always)
  private mutating func take(
    _ value: Double, _ own: Int64?, _ index: Int, _ timestamp: Int64, _ tally: inout ScrapeTally
  ) {
    let entry = cache.entries[index]
    guard let id = entry.id else {
      if entry.isRefused { tally.refused &+= 1 }
      return
    }
    let isRepeated = entry.seen == scrape
    if isRepeated && own == nil {
      tally.repeated &+= 1
      return
    }
    tally.kept &+= 1
    cache.markSeen(index, scrape, isTimed: own != nil)
    if let own {
      timedBatch.append(id, own, value)
      for further in cache.furtherIDs(of: index) { timedBatch.append(further, own, value) }
    } else {
      batch.append(id, timestamp, value)
      if entry.more >= 0 {
        for further in cache.furtherIDs(of: index) { batch.append(further, timestamp, value) }
      }
    }
    if !isRepeated {
      currentCount &+= 1
      if !entry.isAlive { revivedCount &+= 1 }
    }
  }

  private enum Refusal: Error {
    case malformed(MalformedLine)
    case limit(ScrapeError)
  }

  /// Finds out where a new series, or one of an earlier epoch, is stored.
  private mutating func resolve(
    _ sample: ScannedSample, known: Int?, type: MetricType?, _ scanner: ExpositionScanner, _ tally: inout ScrapeTally
  ) throws(Refusal) -> Int {
    if ScrapeSession.hasTooManyLabels(sample.series) {
      let limit = ScrapeSession.maximumLabels
      throw .limit(ScrapeError(code: "label_limit", "line \(scanner.line) has more than \(limit) labels"))
    }
    let exposed: Labels
    do throws(MalformedLine) { exposed = try scanner.labels(of: sample, type: type) } catch { throw .malformed(error) }
    let stored: Labels?
    do throws(ScrapeError) { stored = try admission.labels(of: exposed) } catch { throw .limit(error) }
    let index = known ?? cache.insert(sample, epoch: epoch)
    if known == nil { tally.added &+= 1 }
    let labelSets = stored.map { sense?.expand($0) ?? [$0] } ?? []
    let ids = labelSets.compactMap { store.resolve($0) }
    if cache.entries[index].isAlive {
      for id in cache.ids(of: index) where !ids.contains(id) { orphans.append(id) }
    }
    cache.setIDs(ids, of: index, epoch: epoch, isRefused: ids.count < labelSets.count)
    return index
  }

  private static func hasTooManyLabels(_ series: UnsafeRawBufferPointer) -> Bool {
    guard series.count > 4 * maximumLabels else { return false }
    var quotes = 0
    for byte in series where byte == UInt8(ascii: "\"") { quotes += 1 }
    return quotes > 2 * maximumLabels
  }

  /// Counts a malformed line and notes it for the log if it was not seen before.
  ///
  /// - Throws: ``ScrapeError`` if the job is strict.
  private mutating func note(
    _ line: MalformedLine, _ lines: inout LineFinder, _ tally: inout ScrapeTally
  ) throws(ScrapeError) {
    if job.isStrict { throw ScrapeError(code: "malformed", "line \(line)") }
    tally.malformedLines += 1
    guard tally.notes.count < 10, knownFaults.count < 1000 else { return }
    let text = lines.text(ofLine: line.line)
    if knownFaults.insert(StableHash.hash(text)).inserted {
      tally.notes.append("line \(line): \(Labels.quoted(String(decoding: text.prefix(100), as: UTF8.self)))")
    }
  }
}
