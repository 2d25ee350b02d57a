import ArgumentParser
import Foundation

/// `harecast check metrics < FILE`: looks at an exposition in the text format.
struct CheckMetrics: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Check metrics on standard input for correctness and good names.")

  @Flag(help: "Show how many series each metric has.") var extended = false

  func run() async throws {
    let lint: MetricsLint
    do {
      lint = try MetricsLint(CommandOutput.readInput())
    } catch {
      CommandOutput.complain("error while linting: \(error)")
      throw CheckStatus.failed
    }
    for problem in lint.problems { CommandOutput.complain("\(problem.metric) \(problem.text)") }
    if !lint.problems.isEmpty { throw CheckStatus.lint }
    if extended { show(lint.cardinalities) }
  }

  private func show(_ cardinalities: [(name: String, count: Int)]) {
    let total = cardinalities.reduce(0) { $0 + $1.count }
    var rows = [["Metric", "Cardinality", "Percentage"]]
    for metric in cardinalities {
      rows.append([
        metric.name, "\(metric.count)", String(format: "%.2f%%", Double(metric.count) / Double(total) * 100),
      ])
    }
    rows.append(["Total", "\(total)", "100%"])
    let widths = (0..<3).map { column in (rows.map { $0[column].unicodeScalars.count }.max() ?? 0) + 4 }
    for row in rows {
      CommandOutput.say(
        zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.unicodeScalars.count) }.joined())
    }
  }
}
