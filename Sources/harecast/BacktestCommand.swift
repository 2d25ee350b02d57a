import ArgumentParser

/// `harecast backtest`: what the models would have said.
struct BacktestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backtest", abstract: "Replay recorded data and show what would have been predicted.",
    subcommands: [BacktestForecastCommand.self, BacktestAnomalyCommand.self, BacktestIncidentsCommand.self])
}
