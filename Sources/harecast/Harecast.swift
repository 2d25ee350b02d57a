import ArgumentParser

/// The command line: one file for each subcommand.
@main
struct Harecast: AsyncParsableCommand {
  /// The version that the build reports.
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "harecast",
    abstract: "An early-warning sidecar for RabbitMQ: forecasts, anomaly scores and alerts as Prometheus series.",
    version: version,
    subcommands: [ServeCommand.self, DemoCommand.self, CheckCommand.self])
}
