import HarecastTestKit
import Testing
import TimeSeries

@testable import Collection

@Suite("File discovery")
struct FileDiscoveryTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func addresses(_ groups: [DiscoveredGroup]?) -> [String]? {
    groups?.flatMap(\.labelSets).compactMap { $0["__address__"] }
  }

  @Test("JSON and YAML files are read, and their labels and path become discovered labels")
  func formats() throws {
    let json = try folder.write(#"[{"targets": ["a:1", "b:2"], "labels": {"env": "x"}}]"#, to: "one.json")
    try folder.write("- targets: [c:3]\n", to: "two.yml")
    try folder.write("", to: "empty.yaml")
    let files = ["\(folder.path)/*.json", "\(folder.path)/*.yml", "\(folder.path)/*.yaml"]
    var discovery = FileDiscovery(FileDiscoveryConfiguration(files: files))
    let result = discovery.refresh(all: false)
    #expect(result.errors.isEmpty)
    #expect(addresses(result.groups) == ["a:1", "b:2", "c:3"])
    #expect(result.groups?.first?.labelSets.first == Labels(words: "__address__=a:1 __meta_filepath=\(json) env=x"))
  }

  @Test("only changes are told; a broken file keeps its targets, a vanished one loses them")
  func changes() throws {
    try folder.write("- targets: [a:1]\n", to: "one.yml")
    let file = try folder.write("- targets: [b:2]\n", to: "two.yml")
    var discovery = FileDiscovery(FileDiscoveryConfiguration(files: ["\(folder.path)/*.yml"]))
    #expect(addresses(discovery.refresh(all: false).groups) == ["a:1", "b:2"])
    #expect(discovery.refresh(all: false).groups == nil)
    #expect(discovery.refresh(all: true).groups == nil)
    try folder.write("- targets: [b:2, c:3]\n", to: "two.yml")
    #expect(addresses(discovery.refresh(all: false).groups) == ["a:1", "b:2", "c:3"])
    try folder.write("- target: [d:4]\n", to: "two.yml")
    let broken = discovery.refresh(all: false)
    #expect(broken.groups == nil)
    #expect(
      broken.errors == ["\(file):1:3: unknown key \"target\" in a group of targets; did you mean \"targets\"?"])
    #expect(discovery.refresh(all: false).errors.isEmpty)
    try folder.write("- targets: [e:5]\n", to: "three.yml")
    #expect(addresses(discovery.refresh(all: false).groups) == ["a:1", "e:5", "b:2", "c:3"])
  }

  @Test("files that do not exist are no targets, which is told")
  func missing() {
    var discovery = FileDiscovery(FileDiscoveryConfiguration(files: ["\(folder.path)/none.yml"]))
    #expect(addresses(discovery.refresh(all: false).groups) == [])
  }
}
