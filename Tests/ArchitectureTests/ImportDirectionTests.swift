import Foundation
import Testing

/// The floors of ARCHITECTURE.md: an import may only point to a lower one.
private let floors: [String: Int] = [
  "TimeSeries": 0, "CCurl": -1, "CCurlShims": 0, "CRE2": -1, "CMalloc": -1, "CZlib": -1,
  "CLibCrypto": -1, "CLibSVM": -1, "CNeural": -1, "CXGBoost": -1, "CCrypt": -1, "CProtobufC": -1,
  "CRemoteWrite": 0, "CSnappy": -1,
  "Exposition": 1, "RemoteWrite": 1, "StrictYAML": 1, "Forecasting": 1, "AnomalyDetection": 1,
  "SeriesStore": 2, "HTTPFetch": 2,
  "PromQL": 3, "Collection": 3, "ModelRegistry": 3,
  "Rules": 4, "Broker": 4, "Delivery": 4,
  "Operations": 5, "Outlook": 5, "Settings": 5, "Demo": 5, "Backtest": 5,
  "HTTPAPI": 6,
  "harecast": 7,
  "HarecastTestKit": 7,
]

/// Which targets may import a package's module; the others are free for all above floor 2.
private let reserved: [String: Set<String>] = [
  "Yams": ["StrictYAML"], "CMalloc": ["harecast", "SeriesStore"], "CRE2": ["TimeSeries"], "CZlib": ["Exposition"],
  "CCrypt": ["HTTPAPI"], "CProtobufC": ["RemoteWrite", "CRemoteWrite"], "CRemoteWrite": ["RemoteWrite"],
  "CSnappy": ["RemoteWrite"], "GRDB": ["SeriesStore"], "NIOSSL": ["HTTPAPI"],
  "CLibCrypto": ["ModelRegistry"], "CLibSVM": ["AnomalyDetection"],
  "CNeural": ["Forecasting"], "CXGBoost": ["Forecasting"],
  "CCurl": ["CCurlShims", "HTTPFetch"],
  "CCurlShims": ["HTTPFetch"], "Hummingbird": ["HTTPAPI", "Demo"], "ArgumentParser": ["harecast"],
]

@Suite("The one-way rule")
struct ImportDirectionTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func imports(of target: String) throws -> [(file: String, module: String)] {
    let folder = root.appending(path: "Sources/\(target)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var result: [(String, String)] = []
    for case let file as URL in try #require(files) where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        var words = line.split(separator: " ").map(String.init)
        words.removeAll { $0.hasPrefix("@") || ["public", "internal", "package"].contains($0) }
        guard words.first == "import", words.count >= 2 else { continue }
        let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let module = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
        result.append((file.lastPathComponent, module.split(separator: ".").first.map(String.init) ?? module))
      }
    }
    return result
  }

  @Test func everyTargetHasAFloor() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path)
    #expect(Set(folders.filter { !$0.hasPrefix(".") }) == Set(floors.keys))
  }

  @Test(arguments: floors.keys.sorted())
  func importsPointDownwards(target: String) throws {
    let own = try #require(floors[target])
    for (file, module) in try imports(of: target) {
      guard let other = floors[module] else { continue }
      #expect(other < own, "\(target)/\(file) on floor \(own) imports \(module) on floor \(other)")
    }
  }

  @Test(arguments: floors.keys.sorted())
  func librariesAreImportedOnlyWhereTheyBelong(target: String) throws {
    for (file, module) in try imports(of: target) {
      guard let allowed = reserved[module], target != module else { continue }
      #expect(allowed.contains(target), "\(target)/\(file) imports \(module)")
    }
  }

  @Test func lowFloorsKnowNothingOfRabbitMQ() throws {
    for (target, floor) in floors where floor <= 2 {
      let folder = root.appending(path: "Sources/\(target)")
      let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      for case let file as URL in try #require(files) where file.pathExtension == "swift" {
        // Comments may give an example; code may not depend on the broker's names.
        let code = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
          .map { line in line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? String(line) }
        #expect(
          !code.contains { $0.lowercased().contains("rabbitmq") }, "\(target)/\(file.lastPathComponent) names RabbitMQ")
      }
    }
  }
}
