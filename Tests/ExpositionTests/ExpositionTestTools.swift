import Exposition
import Foundation
import Testing
import TimeSeries

/// All events of a document, one readable line each; a sample's labels are parsed, so that it may turn out malformed.
func events(_ document: String, _ format: ExpositionFormat = .text) -> [String] {
  events(Array(document.utf8), format)
}

/// All events of a document, one readable line each.
func events(_ document: [UInt8], _ format: ExpositionFormat = .text) -> [String] {
  document.withUnsafeBytes { bytes in
    var scanner = ExpositionScanner(bytes, format: format)
    var result: [String] = []
    while let event = scanner.next() {
      switch event {
      case .sample(let sample):
        do throws(MalformedLine) {
          var text = "\(try scanner.labels(of: sample)) = \(sample.value.isNaN ? "NaN" : "\(sample.value)")"
          if let timestamp = sample.timestamp { text += " @\(timestamp)" }
          if let exemplar = try scanner.exemplar() {
            text += " # \(exemplar.labels) = \(exemplar.value)"
            if let timestamp = exemplar.timestamp { text += " @\(timestamp)" }
          }
          result.append(text)
        } catch {
          result.append("malformed \(error)")
        }
      case .type(let name, let type): result.append("type \(name.string): \(type.rawValue)")
      case .help(let name, let text): result.append("help \(name.string): \(text.string)")
      case .unit(let name, let text): result.append("unit \(name.string): \(text.string)")
      case .malformed(let line): result.append("malformed \(line)")
      }
    }
    return result
  }
}

/// The unpacked bytes of a recorded document.
func recording(_ path: String) throws -> [UInt8] {
  let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures")
  let packed = try Data(contentsOf: folder.appendingPathComponent(path))
  return try Gunzip.unpack(Array(packed), limit: 64 << 20)
}
