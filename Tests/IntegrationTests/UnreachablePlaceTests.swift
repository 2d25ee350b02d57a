import Foundation
import HarecastTestKit
import Testing

@Suite("Places that are not there", .timeLimit(.minutes(5)))
struct UnreachablePlaceTests {
  /// Whether a command failed with one line, which has all of `words`.
  private func expectLine(_ arguments: [String], _ words: String...) async throws {
    let outcome = try await HarecastServer.run(arguments)
    #expect(outcome.status != 0, "\(arguments)")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(word) is not in \(outcome.errors)") }
    #expect(!outcome.errors.contains("NSCocoaErrorDomain"))
  }

  private let source = ["--query", "up", "--url", "http://127.0.0.1:1"]

  @Test("a page of a backtest that cannot be written is told before the work, by its name")
  func reports() async throws {
    let folder = try TemporaryFolder()
    let lost = folder.path + "/no/such/page.html"
    for kind in ["forecast", "anomaly"] {
      try await expectLine(["backtest", kind, "--report", lost] + source, lost, "there is no folder")
      try await expectLine(["backtest", kind, "--report", folder.path] + source, folder.path, "is a folder")
    }
    try await expectLine(["train", "--name", "a", "--out", lost] + source, lost, "there is no folder")
  }

  @Test("a folder without runs, and one that is none, are named")
  func folders() async throws {
    let folder = try TemporaryFolder()
    let lost = folder.path + "/lost"
    try await expectLine(["backtest", "incidents", lost, "--out", folder.path + "/o"], lost, "is no folder")
  }

  @Test("a folder without a store is not made one by looking for history in it")
  func stores() async throws {
    let folder = try TemporaryFolder()
    try await expectLine(
      ["backtest", "forecast", "--query", "up", "--storage.path", folder.path], folder.path, "there is no harecast.db")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("a horizon below the step is refused before anything is asked")
  func horizon() async throws {
    try await expectLine(
      ["backtest", "forecast", "--horizon", "10s", "--step", "1m"] + source, "--horizon: 10s is shorter than")
  }

  @Test("configuration files that are not there, no files or no text say which of it they are")
  func configuration() async throws {
    let folder = try TemporaryFolder()
    let lost = folder.path + "/lost.yml"
    try await expectLine(["serve", "--config.file", lost], lost, "there is no such configuration file")
    try await expectLine(["serve", "--config.file", folder.path], folder.path, "is a folder")
    let bytes = folder.path + "/bytes.yml"
    try Data([0xff, 0xfe, 0x00]).write(to: URL(filePath: bytes))
    try await expectLine(["serve", "--config.file", bytes], bytes, "is not UTF-8")
  }

  @Test("an address that cannot be listened on is named")
  func address() async throws {
    try await expectLine(
      ["serve", "--storage.path", "", "--web.listen-address", "192.0.2.1:15693"], "cannot listen on 192.0.2.1:15693")
    try await expectLine(
      ["serve", "--storage.path", "", "--web.listen-address", "no-such-host.invalid:15693"],
      "cannot listen on no-such-host.invalid:15693: ")
  }

  @Test("a folder that cannot be made for the data is named, in the system's words")
  func storage() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "file")
    try await expectLine(["serve", "--storage.path", file], "\(file): cannot keep data here: Not a directory")
    try await expectLine(
      ["serve", "--storage.path", file + "/data"], "\(file)/data: cannot keep data here: Not a directory")
    try await expectLine(["serve", "--storage.path", "/proc/no/data"], "/proc/no/data: cannot keep data here: No such")
  }

  @Test("files that cannot be read say why, in the system's words")
  func reasons() async throws {
    let folder = try TemporaryFolder()
    let lost = folder.path + "/lost.yml"
    let rules = try await HarecastServer.run(["check", "rules", lost, folder.path])
    #expect(rules.status == 1)
    #expect(
      rules.errors
        == "  FAILED:\n\(lost): No such file or directory\n  FAILED:\n\(folder.path): Is a directory\n",
      "\(rules.errors)")
    try await expectLine(
      ["query", "instant", "--http.config.file", lost, "up"], "\(lost):1:1: No such file or directory")
  }

  @Test("an empty value may stand behind the equals sign")
  func emptyValue() async throws {
    try await expectLine(
      ["serve", "--storage.path=", "--web.listen-address=192.0.2.1:15693"], "cannot listen on 192.0.2.1:15693")
  }

  @Test("of a misspelt subcommand the nearest is told")
  func subcommands() async throws {
    let near = try await HarecastServer.run(["srve"])
    #expect(near.status == 2 && near.errors == "there is no subcommand \"srve\"; did you mean \"serve\"?\n")
    let far = try await HarecastServer.run(["dance"])
    #expect(far.status == 2 && far.errors == "there is no subcommand \"dance\"; see harecast --help\n")
    let below = try await HarecastServer.run(["check", "confg", "x.yml"])
    #expect(below.status == 2 && below.errors == "there is no subcommand \"confg\"; did you mean \"config\"?\n")
    let other = try await HarecastServer.run(["models", "dance"])
    #expect(other.status == 2 && other.errors == "there is no subcommand \"dance\"; see harecast models --help\n")
    #expect(try await HarecastServer.run(["help", "serve"]).status == 0)
    #expect(try await HarecastServer.run(["--version"]).status == 0)
  }
}
