import ArgumentParser

/// `harecast query`: asks any server that speaks Prometheus's query API, with promtool's options and words.
struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Ask a server that speaks Prometheus's query API.",
    subcommands: [QueryInstant.self, QueryRange.self, QuerySeries.self, QueryLabels.self])
}

/// `harecast query instant [SERVER] EXPR`
struct QueryInstant: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "instant", abstract: "The value of an expression.")

  @OptionGroup var server: QueryOptionsGroup

  @Option(help: "Time of the evaluation, as RFC 3339 or Unix seconds; now if not given.") var time: String?

  @Argument(help: "[SERVER] EXPR \(QueryOptionsGroup.ownServerHint)") var words: [String]

  func run() async throws {
    let (server, expression) = try server.address(words, arguments: 1)
    let time = try QueryTime.parse(time, "evaluation", default: QueryTime.now())
    let form = [("query", expression[0]), ("time", QueryTime.format(time))]
    let data = try await self.server.ask(server, "query", form)
    self.server.show(data, text: QueryText.value)
  }
}

/// `harecast query range [SERVER] EXPR`
struct QueryRange: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "range", abstract: "The values of an expression over time; a range may end in the future.")

  @OptionGroup var server: QueryOptionsGroup

  @Option(help: "Start, as RFC 3339 or Unix seconds; five minutes before the end if not given.") var start: String?

  @Option(help: "End, as RFC 3339 or Unix seconds; now if not given.") var end: String?

  @Option(help: "Step, as a duration; a 250th of the range if not given.") var step: String?

  @Option(parsing: .singleValue, help: "A header to send, NAME=VALUE; may be repeated.") var header: [String] = []

  @Argument(help: "[SERVER] EXPR \(QueryOptionsGroup.ownServerHint)") var words: [String]

  func run() async throws {
    let (server, expression) = try server.address(words, arguments: 1)
    let end = try QueryTime.parse(end, "end", default: QueryTime.now())
    let start = try QueryTime.parse(start, "start", default: end - 300)
    guard start < end else { throw self.server.fail("start time is not before end time") }
    let seconds = try QueryTime.step(step) ?? max(1, ((end - start) / 250).rounded(.down))
    let form = [
      ("query", expression[0]), ("start", QueryTime.format(start)), ("end", QueryTime.format(end)),
      ("step", QueryTime.format(seconds)),
    ]
    let data = try await self.server.ask(server, "query_range", form, headers: header)
    self.server.show(data, text: QueryText.value)
  }
}

/// The options of `series` and `labels`.
struct QueryWindow: ParsableArguments {
  /// So far back and ahead is looked where nothing is said.
  private static let reach = 9999.0 * 3600

  @Option(parsing: .singleValue, help: "A series selector; may be repeated.") var match: [String] = []

  @Option(help: "Start, as RFC 3339 or Unix seconds.") var start: String?

  @Option(help: "End, as RFC 3339 or Unix seconds.") var end: String?

  func form() throws -> [(String, String)] {
    let start = try QueryTime.parse(start, "start", default: QueryTime.now() - Self.reach)
    let end = try QueryTime.parse(end, "end", default: QueryTime.now() + Self.reach)
    return [("start", QueryTime.format(start)), ("end", QueryTime.format(end))] + match.map { ("match[]", $0) }
  }
}

/// `harecast query series [SERVER] --match SELECTOR`
struct QuerySeries: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "series", abstract: "Series that selectors find.")

  @OptionGroup var server: QueryOptionsGroup
  @OptionGroup var window: QueryWindow

  @Argument(help: "[SERVER] \(QueryOptionsGroup.ownServerHint)") var words: [String] = []

  func run() async throws {
    let (server, _) = try server.address(words, arguments: 0)
    let data = try await self.server.ask(server, "series", try window.form())
    self.server.show(data, text: QueryText.series)
  }
}

/// `harecast query labels [SERVER] NAME`
struct QueryLabels: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "labels", abstract: "The values of a label.")

  @OptionGroup var server: QueryOptionsGroup
  @OptionGroup var window: QueryWindow

  @Argument(help: "[SERVER] NAME \(QueryOptionsGroup.ownServerHint)") var words: [String]

  func run() async throws {
    let (server, name) = try server.address(words, arguments: 1)
    let path = "label/\(QueryClient.escaped(name[0]))/values"
    let data = try await self.server.ask(server, path, try window.form(), method: "GET")
    self.server.show(data, text: QueryText.names)
  }
}
