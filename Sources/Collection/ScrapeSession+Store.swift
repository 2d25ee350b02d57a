import SeriesStore
import TimeSeries

extension ScrapeSession {
  /// Stores the batches of a successful scrape and ends the series that it no longer had.
  mutating func commit(timestamp: Int64, now: Int64, _ tally: inout ScrapeTally) {
    lastTimestamp = timestamp
    tally.stored = store.append(batch, now: now)
    if timedBatch.count > 0 {
      var outcome = store.append(timedBatch, now: now)
      outcome.duplicate = 0
      tally.stored.appended += outcome.appended
      tally.stored.conflicting += outcome.conflicting
      tally.stored.outOfOrder += outcome.outOfOrder
      tally.stored.tooOld += outcome.tooOld
      tally.stored.tooFarAhead += outcome.tooFarAhead
      tally.stored.unknownSeries += outcome.unknownSeries
    }
    let isSteady = revivedCount == 0 && currentCount == cache.aliveCount && orphans.isEmpty
    if !isSteady {
      endSeries(scrape: scrape, timestamp: timestamp, now: now)
      cache.forgetOld(scrape: scrape)
    }
    for change in metadata.takeChanges() { store.setMetadata(change.metadata, for: change.name) }
  }

  /// Ends all series, because a scrape failed.
  mutating func fail(timestamp: Int64, now: Int64) {
    lastTimestamp = timestamp
    endSeries(scrape: nil, timestamp: timestamp, now: now)
    // A target that makes up new series for each failing scrape must not grow the cache either.
    cache.forgetOld(scrape: scrape)
  }

  /// Ends all series and the report, because the target is gone. The markers follow the last scrape directly, so that
  /// they never hide samples of another target with the same labels.
  mutating func finish() {
    guard let lastTimestamp else { return }
    endSeries(scrape: nil, timestamp: lastTimestamp + 1, now: lastTimestamp + 1)
    batch.removeAll()
    for id in reportIDs { batch.append(id, lastTimestamp + 1, StaleMarker.value) }
    store.append(batch, now: lastTimestamp + 1)
  }

  private mutating func endSeries(scrape: UInt32?, timestamp: Int64, now: Int64) {
    var ended = orphans
    orphans = []
    let includesTimed = job.trackTimestampsStaleness
    var indexes: [Int] = []
    cache.settle(scrape: scrape) { index, isTimed in
      if !isTimed || includesTimed { indexes.append(index) }
    }
    for index in indexes { ended += cache.ids(of: index) }
    if ended.isEmpty { return }
    batch.removeAll()
    for id in ended { batch.append(id, timestamp, StaleMarker.value) }
    store.append(batch, now: now)
  }

  /// Stores what Prometheus stores about each scrape: `up`, `scrape_duration_seconds` and so on.
  ///
  /// - Parameter isExtended: whether limits and sizes are stored too, as with Prometheus's extra scrape metrics.
  mutating func report(_ outcome: ScrapeOutcome, isExtended: Bool, now: Int64) {
    var values: [(name: String, value: Double)] = [
      ("up", outcome.error == nil ? 1 : 0),
      ("scrape_duration_seconds", outcome.duration),
      ("scrape_samples_scraped", Double(outcome.samples)),
      ("scrape_samples_post_metric_relabeling", Double(outcome.samplesKept)),
      ("scrape_series_added", Double(outcome.seriesAdded)),
    ]
    if isExtended {
      values += [
        ("scrape_timeout_seconds", Double(target.timeout) / 1000),
        ("scrape_sample_limit", Double(job.limits.samples)),
        ("scrape_body_size_bytes", outcome.error?.code == "body_too_large" ? -1 : Double(outcome.bodyBytes)),
      ]
    }
    if reportEpoch != epoch || reportIDs.count != values.count {
      reportIDs = values.compactMap { store.resolve(target.labels.setting(Labels.metricNameLabel, to: $0.name)) }
      reportEpoch = epoch
    }
    guard reportIDs.count == values.count else { return }
    batch.removeAll()
    for (id, entry) in zip(reportIDs, values) { batch.append(id, outcome.timestamp, entry.value) }
    store.append(batch, now: now)
  }
}
