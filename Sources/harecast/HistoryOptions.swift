import ArgumentParser
import Backtest
import Foundation
import PromQL
import SeriesStore
import TimeSeries

/// Which history is read, and from where.
struct HistoryOptions: ParsableArguments {
  /// The most points that one request asks for; Prometheus answers 11,000 at most.
  private static let pointsPerRequest: Int64 = 10_000
  private static let mostPoints: Int64 = 200_000

  @Option(help: "A PromQL expression whose history is looked at.") var query: String?
  @Option(help: "A server that speaks Prometheus's query API, for instance http://localhost:9090.") var url: String?
  @OptionGroup var http: HTTPClientOptions
  @Option(name: .customLong("storage.path"), help: "The data folder of a Harecast that is not running.")
  var storagePath: String?
  @Option(help: "From when on, as Unix seconds or RFC 3339 [14 days before the end].") var start: String?
  @Option(help: "Until when [now].") var end: String?
  @Option(help: "The distance of two samples [1m].") var step: String?

  /// Where the history comes from is given once, or not at all.
  func checkSource() throws {
    guard (url == nil) != (storagePath == nil) else {
      throw ValidationError("--query needs either --url or --storage.path")
    }
    if url == nil, http.file != nil { throw ValidationError("--http.config.file goes with --url") }
  }

  var isUsed: Bool { url != nil || http.file != nil || storagePath != nil || start != nil || end != nil || step != nil }

  /// The milliseconds between two samples.
  func stepLength() throws -> Int64 { max(1, Int64((try QueryTime.step(step) ?? 60) * 1000)) }

  /// The series of the expression and the milliseconds between two of their samples.
  ///
  /// - Parameter now: in Unix seconds; what is read together is to have one.
  func read(_ query: String, now: Double = QueryTime.now()) async throws -> ([RecordedSeries], step: Int64) {
    let step = try stepLength()
    let last = Int64(try QueryTime.parse(end, "end", default: now) * 1000)
    let first = Int64(
      try QueryTime.parse(start, "start", default: Double(last) / 1000 - 14 * 86_400) * 1000)
    guard step > 0, last > first else { throw ValidationError("--end is not after --start") }
    guard (last - first) / step <= Self.mostPoints else {
      throw ValidationError(
        "\((last - first) / step) steps are over the limit of \(Self.mostPoints): choose a longer --step or a later --start"
      )
    }
    var found: [Labels: RecordedSeries] = [:]
    func add(_ labels: Labels, _ timestamp: Int64, _ value: Double) {
      found[labels, default: RecordedSeries(labels: labels, timestamps: [], values: [])].timestamps.append(
        timestamp)
      found[labels]?.values.append(value)
    }
    var from = first
    if let storagePath {
      guard FileManager.default.fileExists(atPath: storagePath) else {
        CommandOutput.complain("\(storagePath): no such folder")
        throw ExitCode(1)
      }
      // Opening a store makes one where there is none.
      guard FileManager.default.fileExists(atPath: storagePath + "/\(SeriesStore.fileName)") else {
        CommandOutput.complain("\(storagePath): there is no \(SeriesStore.fileName) in this folder")
        throw ExitCode(1)
      }
      let store = try SeriesStore.open(folder: storagePath, now: SystemTime().now())
      do {
        let engine = QueryEngine()
        let expression: PromQL.Expression
        do { expression = try engine.parse(query) } catch { throw BacktestError(query, "\(error)") }
        while from <= last {
          let to = min(last, from + (Self.pointsPerRequest - 1) * step)
          let result = try engine.range(expression, from: from, through: to, step: step, source: store)
          if case .matrix(let series) = result.value {
            for one in series {
              for (timestamp, value) in zip(one.timestamps, one.values) { add(one.labels, timestamp, value) }
            }
          }
          from = to + step
        }
      } catch {
        await store.close()
        throw error
      }
      await store.close()
    } else if let url {
      let server = try QueryClient.address(url)
      let client = QueryClient(access: try http.access())
      while from <= last {
        let to = min(last, from + (Self.pointsPerRequest - 1) * step)
        let form = [
          ("query", query), ("start", Self.seconds(from)), ("end", Self.seconds(to)), ("step", Self.seconds(step)),
        ]
        let answer = try await client.ask(server, "query_range", form)
        for one in ((answer as? [String: Any])?["result"] as? [[String: Any]]) ?? [] {
          let pairs = one["metric"] as? [String: String] ?? [:]
          let labels = Labels(pairs.map { Label($0.key, $0.value) })
          for pair in one["values"] as? [[Any]] ?? [] {
            guard pair.count == 2, let time = pair[0] as? Double, let text = pair[1] as? String,
              let value = Double(text), time.magnitude < 1e12
            else { continue }
            add(labels, Int64((time * 1000).rounded()), value)
          }
        }
        from = to + step
      }
    }
    return (Array(found.values), step)
  }

  private static func seconds(_ milliseconds: Int64) -> String { QueryTime.format(Double(milliseconds) / 1000) }
}
