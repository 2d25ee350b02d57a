import HarecastTestKit
import Testing

@testable import Rules

struct RuleFilesTests {
  @Test func `patterns find files, each once and sorted, and all faults are told`() throws {
    let folder = try TemporaryFolder()
    let good = "groups:\n- {name: g, rules: [{record: r, expr: up}]}\n"
    try folder.write(good, to: "b.yml")
    try folder.write(good, to: "a.yml")
    let base = folder.path
    let files = try RuleFiles.read(["\(base)/*.yml", "\(base)/a.yml", "\(base)/none-*.yml"])
    #expect(files.map(\.path) == ["\(base)/a.yml", "\(base)/b.yml"])

    try folder.write("groups:\n- {name: g, rules: [{record: r}]}\n", to: "c.yml")
    do {
      _ = try RuleFiles.read(["\(base)/*.yml", "\(base)/missing.yml"])
      Issue.record("the faults were not noticed")
    } catch {
      #expect(
        error.errors.map(\.description) == [
          "\(base)/c.yml: 2:21: group \"g\", rule 1, \"r\": field 'expr' must be set in rule",
          "\(base)/missing.yml: cannot be opened: No such file or directory",
        ])
    }
  }
}
