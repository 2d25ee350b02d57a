import Exposition
import Foundation
import Testing

/// Documents of real brokers: of a loaded three-node cluster of 4.0.5, and, with the prefix `436.`,
/// of a 4.3.6 broker.
enum Fixture {
  static func bytes(_ name: String) throws -> [UInt8] {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "gz"))
    return try Gunzip.unpack(Array(Data(contentsOf: url)), limit: 64 << 20)
  }

  /// The names and types of all metrics of an endpoint: `metrics`, `metrics_detailed` or
  /// `metrics_per-object`, of version `405` or `436`.
  static func metricTypes(_ version: String, _ endpoint: String) throws -> [String: String] {
    let text = String(decoding: try bytes("names-\(version)-\(endpoint).txt"), as: UTF8.self)
    var result: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { result[String(words[0])] = String(words[1]) }
    }
    return result
  }

  /// The metrics of all endpoints of a version.
  static func allMetricTypes(_ version: String) throws -> [String: String] {
    var result: [String: String] = [:]
    for endpoint in ["metrics", "metrics_detailed", "metrics_per-object"] {
      result.merge(try metricTypes(version, endpoint)) { first, _ in first }
    }
    return result
  }

  static func document(_ name: String) throws -> ExpositionDocument {
    ExpositionDocument(parsing: try bytes(name), format: .text)
  }
}
