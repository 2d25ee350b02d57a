import Foundation
import HarecastTestKit
import Testing

/// What the documentation shows as configuration and rules must load as it stands.
@Suite("Examples in the documentation", .timeLimit(.minutes(5)))
struct DocumentationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardizedFileURL
  private static let pages =
    ["README.md"]
    + ((try? FileManager.default.contentsOfDirectory(atPath: root.path + "/docs")) ?? [])
    .filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }

  /// One block of a page, and the line on which it begins.
  struct Block {
    var line: Int
    var lines: [Substring]

    /// The first line that is no comment.
    var beginning: Substring { lines.first { !$0.hasPrefix("#") } ?? "" }
  }

  /// The indented and the fenced blocks of a page, without their indentation.
  private static func blocks(of page: String) throws -> [Block] {
    let text = try String(contentsOfFile: "\(root.path)/\(page)", encoding: .utf8)
    var blocks: [Block] = []
    var isFenced = false
    var isOpen = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") {
        isFenced.toggle()
        isOpen = false
        continue
      }
      guard isFenced || line.hasPrefix("    ") || (isOpen && line.isEmpty) else {
        isOpen = false
        continue
      }
      if !isOpen { blocks.append(Block(line: index + 1, lines: [])) }
      isOpen = true
      blocks[blocks.count - 1].lines.append(isFenced ? line : line.dropFirst(4))
    }
    return blocks
  }

  private static let sections = [
    "global", "scrape_configs", "rule_files", "alerting", "remote_write", "storage", "backfill", "management",
    "remote_write_receiver", "influxdb", "models", "operations", "forecasting",
  ]

  private func expectGood(_ arguments: [String], _ block: Block, _ page: String) async throws {
    let outcome = try await HarecastServer.run(arguments)
    #expect(outcome.status == 0, "\(page):\(block.line): \(outcome.output)\(outcome.errors)")
  }

  @Test("load: configuration, and rules", arguments: pages)
  func load(page: String) async throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("BEGIN:VCALENDAR\nEND:VCALENDAR\n", to: "releases.ics")
    for block in try Self.blocks(of: page) {
      let text = block.lines.joined(separator: "\n") + "\n"
      if Self.sections.contains(where: { block.beginning.hasPrefix("\($0):") }) {
        try await expectGood(
          ["check", "config", "--syntax-only", try folder.write(text, to: "harecast.yml")], block, page)
      } else if block.beginning.hasPrefix("groups:") {
        try await expectGood(["check", "rules", try folder.write(text, to: "rules.yml")], block, page)
      } else if block.beginning.hasPrefix("- record:") || block.beginning.hasPrefix("- alert:") {
        let rules = block.lines.map { "      \($0)" }.joined(separator: "\n")
        let group = "groups:\n  - name: example\n    rules:\n\(rules)\n"
        try await expectGood(["check", "rules", try folder.write(group, to: "rules.yml")], block, page)
      }
    }
  }

  @Test("are found: pages with configuration and with rules")
  func found() throws {
    let beginnings = try Self.pages.flatMap { try Self.blocks(of: $0) }.map(\.beginning)
    #expect(beginnings.count { $0.hasPrefix("- record:") } >= 5)
    #expect(beginnings.count { line in Self.sections.contains { line.hasPrefix("\($0):") } } >= 8)
  }
}
