import Exposition
import Foundation
import SeriesStore
import TimeSeries

/// Measures the path of a warm scrape without the network: scanning a document, finding each series
/// by its hash, and appending to the store. The yardstick is one pass over the lines with `memchr`.
@main
struct ParseAndStore {
  static func main() throws {
    guard CommandLine.arguments.count == 2, let data = FileManager.default.contents(atPath: CommandLine.arguments[1])
    else {
      FileHandle.standardError.write(Data("usage: ParseAndStore DOCUMENT\n".utf8))
      exit(2)
    }
    let document = [UInt8](data)
    let store = SeriesStore()
    var known: [UInt64: SeriesID] = [:]
    var batch = SampleBatch()
    // The clock only moves forward: each scrape is 15 s after the one before.
    var now: Int64 = 1_700_000_000_000

    func scrape(keep: Bool) -> Int {
      now += 15_000
      batch.removeAll(keepingCapacity: true)
      var samples = 0
      document.withUnsafeBytes { bytes in
        var scanner = ExpositionScanner(bytes, format: .text)
        while let event = scanner.next() {
          guard case .sample(let sample) = event else { continue }
          samples += 1
          guard keep else { continue }
          if let id = known[sample.hash] {
            batch.append(id, now, sample.value)
          } else if let labels = try? scanner.labels(of: sample), let id = store.resolve(labels) {
            known[sample.hash] = id
            batch.append(id, now, sample.value)
          }
        }
      }
      if keep { store.append(batch, now: now) }
      return samples
    }

    let start = cpuSeconds()
    let samples = scrape(keep: true)
    let first = cpuSeconds() - start
    let lines = best { countLines(document) }
    let scan = best { scrape(keep: false) }
    let warm = best { scrape(keep: true) }

    let statistics = store.statistics
    print("\(document.count) bytes, \(samples) samples")
    row("memchr over the lines", lines, lines, samples)
    row("scan", scan, lines, samples)
    row("scan, find the series, append", warm, lines, samples)
    row("the first scrape, all series new", first, lines, samples)
    let perSample = Double(statistics.bytes) / Double(max(1, statistics.samples))
    print("\(statistics.series) series, \(statistics.samples) samples held, \(fixed(perSample, 2)) bytes each")
  }

  private static func row(_ name: String, _ seconds: Double, _ yardstick: Double, _ samples: Int) {
    let padded = name.padding(toLength: 36, withPad: " ", startingAt: 0)
    let nanoseconds = fixed(seconds * 1e9 / Double(max(1, samples)), 1)
    let ratio = fixed(seconds / yardstick, 2)
    print("\(padded)\(fixed(seconds * 1000, 2)) ms  \(nanoseconds) ns/sample  \(ratio) x memchr")
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  private static func countLines(_ document: [UInt8]) -> Int {
    document.withUnsafeBytes { bytes in
      guard var place = bytes.baseAddress else { return 0 }
      let end = place + bytes.count
      var lines = 0
      while place < end, let newline = memchr(place, 10, end - place) {
        lines += 1
        place = UnsafeRawPointer(newline) + 1
      }
      return lines
    }
  }

  /// The CPU time of the fastest of fifteen runs.
  private static func best(_ body: () -> Int) -> Double {
    var least = Double.infinity
    for _ in 0..<15 {
      let start = cpuSeconds()
      let count = body()
      least = min(least, cpuSeconds() - start)
      if count == 0 { break }
    }
    return least
  }

  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
