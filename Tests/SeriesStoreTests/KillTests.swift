import Foundation
import HarecastTestKit
import Testing
import TimeSeries

@testable import SeriesStore

/// A process that appends is killed at random moments; after each death the store must have every sample that was
/// promised, once, with the right value, and none that was never written.
@Suite("A killed process loses nothing that it had acknowledged", .serialized)
struct KillTests {
  private static let origin: Int64 = 1_700_000_000_000
  private static let seriesCount = 40

  private static func configuration() -> SeriesStoreConfiguration {
    var configuration = SeriesStoreConfiguration(retentionTime: 1_000 * 86_400_000, samplesPerChunk: 30)
    configuration.memoryTime = 400 * 86_400_000
    return configuration
  }

  /// The writer's executable, built beside the tests.
  private static var program: URL {
    let bundle = Bundle(for: Marker.self).bundleURL
    let folder = bundle.pathExtension == "xctest" ? bundle.deletingLastPathComponent() : bundle
    return folder.appending(path: "StoreWriter")
  }

  private final class Marker {}

  @Test func everyAcknowledgedSampleIsThereOnceAfterEachOfAHundredKills() async throws {
    let kills = ProcessInfo.processInfo.environment["HARECAST_KILLS"].flatMap { Int($0) } ?? 100
    let parent = try TemporaryFolder()
    let folder = parent.path + "/data"
    var random = SystemRandomNumberGenerator()
    var acknowledged = [Set<Int64>](repeating: [], count: Self.seriesCount)
    var round: Int64 = 0
    var total = 0
    for _ in 0..<kills {
      let output = try run(folder: folder, firstRound: round, milliseconds: Int.random(in: 5...120, using: &random))
      for line in output.split(separator: "\n") {
        let fields = line.split(separator: " ")
        guard fields.count == 2, let series = Int(fields[0]), let timestamp = Int64(fields[1]) else { continue }
        acknowledged[series].insert(timestamp)
        total += 1
      }
      round = try await check(folder, acknowledged)
    }
    #expect(total > kills * Self.seriesCount, "the writer must have got somewhere: \(total) samples")
  }

  /// Runs the writer and kills it; what it said until then, whole lines only.
  private func run(folder: String, firstRound: Int64, milliseconds: Int) throws -> String {
    let process = Process()
    process.executableURL = Self.program
    process.arguments = [folder, "\(firstRound)", "\(Self.seriesCount)"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let identifier = process.processIdentifier
    // The time runs from its first word on, or the start would use all of it up.
    let first = pipe.fileHandleForReading.availableData
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { kill(identifier, SIGKILL) }
    let rest = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal, "the writer must not have ended by itself")
    let text = String(decoding: first + rest, as: UTF8.self)
    return text.lastIndex(of: "\n").map { String(text[...$0]) } ?? ""
  }

  /// Opens the store and compares; returns the first round that nobody has written.
  private func check(_ folder: String, _ acknowledged: [Set<Int64>]) async throws -> Int64 {
    let store = try SeriesStore.open(
      folder: folder, configuration: Self.configuration(), now: Self.origin + 300 * 86_400_000)
    var newest: Int64 = -1
    for samples in try store.select([LabelMatcher("__name__", equals: "torture")], from: 0, through: .max) {
      let series = try #require(samples.labels["series"].flatMap { Int($0) })
      for (timestamp, value) in zip(samples.timestamps, samples.values) {
        let round = (timestamp - Self.origin) / 15_000
        newest = max(newest, round)
        #expect(value == Double(series) * 1e6 + Double(round % 997))
      }
      #expect(zip(samples.timestamps, samples.timestamps.dropFirst()).allSatisfy { $0 < $1 })
      let lost = acknowledged[series].subtracting(samples.timestamps)
      #expect(lost.isEmpty, "series \(series) lost \(lost.count) samples, the first at \(lost.min() ?? 0)")
    }
    await store.close()
    return newest + 1
  }
}
