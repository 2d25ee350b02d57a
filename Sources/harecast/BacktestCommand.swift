import ArgumentParser
import Backtest
import Foundation

/// `harecast backtest`: what the models would have said.
struct BacktestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest", abstract: "Replay recorded data and show what would have been predicted.",
    subcommands: [BacktestForecastCommand.self, BacktestAnomalyCommand.self, BacktestIncidentsCommand.self])
}

/// `harecast backtest forecast`: forecasts of a dataset at given origins.
struct BacktestForecastCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forecast", abstract: "Forecast the series of a dataset from given origins.")

  @Option(help: "The folder with the series as CSV files.")
  var data: String

  @Option(help: "The manifest that describes them; manifest.json in the folder if left out.")
  var manifest: String?

  @Option(help: "Which split of the manifest to forecast, or all.")
  var split = "all"

  @Option(help: "The model, as rule files name it.")
  var model = "auto"

  @Option(help: "The origins to forecast by position, with commas; all if left out.")
  var origins: String?

  @Option(help: "The file to write, one JSON object a line; compressed if it ends in .gz.")
  var out: String

  func run() async throws {
    var positions: Set<Int>?
    if let origins {
      let numbers = origins.split(separator: ",").map { Int($0) }
      guard !numbers.isEmpty, numbers.allSatisfy({ ($0 ?? -1) >= 0 }) else {
        throw ValidationError("--origins: \"\(origins)\" is not a list of positions such as 1,3")
      }
      positions = Set(numbers.compactMap { $0 })
    }
    do {
      let dataset = try ForecastDataset(folder: data, manifest: manifest, split: split)
      let backtest = ForecastBacktest(model: model, origins: positions)
      let isTerminal = isatty(2) == 1
      try await backtest.run(dataset, writingTo: out) { done in
        guard isTerminal else { return }
        FileHandle.standardError.write(Data("\r\(done)/\(dataset.entries.count) series".utf8))
      }
      if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(1)
    }
  }
}
