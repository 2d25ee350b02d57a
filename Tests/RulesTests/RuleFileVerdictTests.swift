import HarecastTestKit
import Testing

@testable import Rules

struct RuleFileVerdictTests {
  struct Case: CustomTestStringConvertible {
    var name: String
    var isGood: Bool
    var text: String

    var testDescription: String { name }
  }

  /// The cases of the table; two get bytes that a source file cannot show.
  static let cases: [Case] = {
    var cases: [Case] = []
    for line in ruleFileVerdicts.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("=== ") {
        let words = line.split(separator: " ", maxSplits: 2)
        cases.append(Case(name: String(words[2]), isGood: words[1] == "good", text: ""))
      } else if !cases.isEmpty {
        cases[cases.count - 1].text += line + "\n"
      }
    }
    for index in cases.indices {
      if cases[index].name == "a byte order mark" { cases[index].text = "\u{feff}" + cases[index].text }
      if cases[index].name == "carriage returns" { cases[index].text.replace("\n", with: "\r\n") }
    }
    return cases
  }()

  @Test func `every plain file that promtool accepts is accepted, every one it rejects is rejected`() {
    #expect(Self.cases.count > 150)
    for one in Self.cases {
      let errors = Self.errors(one.text)
      #expect(errors.isEmpty == one.isGood, "\(one.name): \(errors)")
    }
  }

  @Test(.enabled(if: SupportScripts.realServersAreAvailable))
  func `the verdicts of the table are those of promtool`() async throws {
    let folder = try TemporaryFolder()
    for (index, one) in Self.cases.enumerated() {
      let path = try folder.write(one.text, to: "\(index).yml")
      let result = try await promtool(["check", "rules", "--lint=none", path])
      #expect((result.status == 0) == one.isGood, "\(one.name): \(result.output)\(result.errors)")
    }
  }

  private static func errors(_ text: String) -> [String] {
    do {
      _ = try RuleFile.parse(text, path: "r.yml")
      return []
    } catch {
      return error.errors.map(\.description)
    }
  }
}
