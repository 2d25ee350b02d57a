// A writer that is made to be killed: it appends durably as fast as it can and says on standard output what it was
// promised, one line "series timestamp" for each sample of a batch, only after the promise.
//
// Values follow from series and timestamp, so that whoever reads the store can tell a right one from a wrong one.

import Foundation
import SeriesStore
import TimeSeries

let arguments = CommandLine.arguments
guard arguments.count == 4, let firstRound = Int64(arguments[2]), let seriesCount = Int(arguments[3]) else {
  FileHandle.standardError.write(Data("usage: StoreWriter FOLDER FIRST-ROUND SERIES\n".utf8))
  exit(2)
}
let origin: Int64 = 1_700_000_000_000
var configuration = SeriesStoreConfiguration(retentionTime: 1_000 * 86_400_000, samplesPerChunk: 30)
configuration.memoryTime = 400 * 86_400_000
configuration.checkpointBytes = 20_000
let now = origin + 300 * 86_400_000
let store = try SeriesStore.open(folder: arguments[1], configuration: configuration, now: now)

try await withThrowingTaskGroup(of: Void.self) { group in
  for writer in 0..<2 {
    group.addTask {
      var round = firstRound
      while true {
        var batch = SampleBatch()
        let timestamp = origin + round * 15_000
        var written: [Int] = []
        for series in stride(from: writer, to: seriesCount, by: 2) {
          guard let id = store.resolve(Labels(name: "torture", ["series": "\(series)"])) else { continue }
          batch.append(id, timestamp, Double(series) * 1e6 + Double(round % 997))
          written.append(series)
        }
        let outcome = try await store.appendDurably(batch, now: now)
        guard outcome.refused == 0 else { throw StoreError.notAccepting(reason: "\(outcome)") }
        let lines = written.map { "\($0) \(timestamp)\n" }.joined()
        FileHandle.standardOutput.write(Data(lines.utf8))
        round += 1
      }
    }
  }
  try await group.next()
}
