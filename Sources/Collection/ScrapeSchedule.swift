import TimeSeries

/// When a target is scraped: every `interval`, at a point of the interval that depends on the target only, so that
/// targets spread evenly and keep their place over restarts.
struct ScrapeSchedule: Sendable, Equatable {
  /// Milliseconds.
  let interval: Int64
  /// Milliseconds after a multiple of the interval, from the start of 1970.
  let offset: Int64

  init(interval: Int64, identity: UInt64) {
    self.interval = max(1, interval)
    offset = Int64(identity % UInt64(self.interval))
  }

  /// The first scrape after `time`. Those that were missed are not made up for.
  func next(after time: Int64) -> Int64 {
    let sinceSlot = ((time - offset) % interval + interval) % interval
    return time - sinceSlot + interval
  }

  /// The timestamp of samples of a scrape that was due at `due` and started at `start`: the due time, unless the start
  /// was late by over a hundredth of the interval or 100 ms. Even spacing compresses better and makes steadier rates.
  func timestamp(due: Int64, start: Int64) -> Int64 {
    let delay = start - due
    return delay >= 0 && delay <= min(100, max(2, interval / 100)) ? due : start
  }
}
