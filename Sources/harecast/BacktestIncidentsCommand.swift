import ArgumentParser
import Demo
import Exposition
import Foundation
import Operations
import TimeSeries

/// `harecast backtest incidents`: the alerts one would have had.
struct BacktestIncidentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incidents",
    abstract: "Replay the past of a cluster and show what would have been said, and when.",
    discussion: """
      The past is a folder of recorded runs, or with --url what a Prometheus-compatible server has of the cluster. It \
      goes row by row through the store and the classifier that live data goes through; nothing is known ahead of its \
      time. With --url a table says for each incident when it would have been said, how long before it came true, and \
      which of the server's own alerts fired first and how much later.
      """)

  @Argument(help: "A folder with runs as <name>.csv or .csv.gz: timestamp_ms, then one column for each series.")
  var folder: String?
  @Option(help: "A server that speaks Prometheus's query API and has the cluster's history.") var url: String?
  @OptionGroup var http: HTTPClientOptions
  @Option(help: "From when on, as Unix seconds or RFC 3339 [a day before the end].") var start: String?
  @Option(help: "Until when [now].") var end: String?
  @Option(help: "The distance of two looks; that of the scrapes is best [15s].") var step: String?
  @Option(help: "The file to write, one JSON object for each announcement; with --url optional.")
  var out: String?
  @Option(help: "How long a day of the cluster is; by default day_seconds of <name>.labels.json, else 1d.")
  var day: String?
  @Option(name: .customLong("queue-depth"), help: "Ready messages that are too many for a queue without a limit.")
  var depthLimit = 10_000.0

  mutating func validate() throws {
    guard (folder == nil) != (url == nil) else { throw ValidationError("give a folder of recorded runs, or --url") }
    if folder != nil {
      if out == nil { throw ValidationError("a folder needs --out") }
      if start != nil || end != nil || step != nil || http.file != nil {
        throw ValidationError("--start, --end, --step and --http.config.file need --url")
      }
    }
    _ = try dayLength()
  }

  private func dayLength() throws -> Double? {
    guard let day else { return nil }
    guard let milliseconds = PrometheusDuration.parse(day), milliseconds > 0 else {
      throw ValidationError("--day: \"\(day)\" is not a duration such as 1d or 180s")
    }
    return Double(milliseconds) / 1000
  }

  func run() async throws {
    do {
      var lines = AnnouncementLines()
      if let folder { try replay(folder, &lines) } else if let url { try await replay(server: url, &lines) }
      if let out { try OutputFile.write(lines.data, to: out) }
    } catch let code as ExitCode {
      throw code
    } catch let error as ValidationError {
      throw error
    } catch {
      CommandOutput.complain("\(error)")
      throw ExitCode(1)
    }
  }

  private func replay(_ folder: String, _ lines: inout AnnouncementLines) throws {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw RecordedRunError(folder, "is no folder that can be read")
    }
    let names = files.sorted().filter { $0.hasSuffix(".csv") || $0.hasSuffix(".csv.gz") }
    guard !names.isEmpty else { throw RecordedRunError(folder, "there is no .csv or .csv.gz file") }
    for name in names {
      let run = try RecordedRun(path: folder + "/" + name, day: try dayLength())
      var replay = IncidentReplay(tick: run.tick, day: run.day, depthLimit: depthLimit)
      let events = replay.events(of: run)
      print("\(run.name): \(run.timestamps.count) rows, a day is \(Int(run.day)) s")
      for event in events {
        try lines.add(event, of: run.name)
        show(event, run.timestamps[0])
      }
    }
  }

  private func show(_ event: IncidentEvent, _ start: Int64) {
    let seconds = String(format: "%8.1f s", Double(event.time - start) / 1000)
    let incident = event.incident
    print(
      "\(seconds)  \(event.kind.rawValue) \(incident.level.rawValue) \(incident.type.rawValue): \(incident.summary)")
  }

  private func replay(server url: String, _ lines: inout AnnouncementLines) async throws {
    let server = try QueryClient.address(url)
    let step = Int64((try QueryTime.step(step) ?? 15) * 1000)
    let last = Int64(try QueryTime.parse(end, "end", default: QueryTime.now()) * 1000)
    let first = Int64(try QueryTime.parse(start, "start", default: Double(last) / 1000 - 86_400) * 1000)
    guard step > 0, last > first else { throw ValidationError("--end is not after --start") }
    let history = IncidentHistory(
      server: server, client: QueryClient(access: try http.access()), first: first, last: last, step: step)
    let length = try dayLength() ?? 86_400
    var replay = IncidentReplay(tick: Double(step) / 1000, day: length, depthLimit: depthLimit)
    var nodes: [String: [Label]] = [:]
    var events: [IncidentEvent] = []
    var alerts: [(name: String, time: Int64)] = []
    var seriesCount = 0
    for (index, piece) in history.pieces.enumerated() {
      Self.progress("\(index) of \(history.pieces.count) parts replayed")
      let run = try await history.read(piece, nodes: &nodes, day: length)
      seriesCount = max(seriesCount, run.series.count)
      events += replay.events(of: run)
      alerts += try await history.alerts(piece)
    }
    Self.progress("")
    guard seriesCount > 0 else {
      CommandOutput.complain("\(server): no series of a RabbitMQ cluster in this time")
      throw ExitCode(1)
    }
    for event in events { try lines.add(event, of: server) }
    IncidentTable(accounts: IncidentAccount.accounts(of: events), alerts: alerts).print(seriesCount, step)
  }

  /// Shows on a terminal how far it is.
  private static func progress(_ text: String) {
    guard !ProgressLine.erase.isEmpty else { return }
    FileHandle.standardError.write(Data((ProgressLine.erase + text).utf8))
  }
}

/// Announcements as lines of JSON.
private struct AnnouncementLines {
  private(set) var data = Data()
  private let encoder = JSONEncoder()

  init() { encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes] }

  mutating func add(_ event: IncidentEvent, of run: String) throws {
    data.append(try encoder.encode(IncidentLine(run: run, event)))
    data.append(UInt8(ascii: "\n"))
  }
}
