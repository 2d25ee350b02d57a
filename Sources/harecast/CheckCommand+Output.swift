import Foundation
import PromQL

/// What commands write, at once and in order, so that the two streams stay in step when both go to one place.
enum CommandOutput {
  /// Writes a line to standard output.
  static func say(_ line: String = "") { write(line + "\n", to: STDOUT_FILENO) }

  /// Writes a line to standard error.
  static func complain(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written <= 0 { return }
      rest = rest.dropFirst(written)
    }
  }

  /// Everything that comes on standard input.
  static func readInput() -> [UInt8] {
    (try? FileHandle.standardInput.readToEnd()).flatMap { $0.map { Array($0) } } ?? []
  }

  /// The text of a file; nil if it cannot be read or is not UTF-8, see ``reasonNotToRead(_:)``.
  static func text(ofFile path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  /// Why a file gave no text, in the system's words where it has some.
  static func reasonNotToRead(_ path: String) -> String {
    guard access(path, R_OK) == 0 else { return String(cString: strerror(errno)) }
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return isThere && isFolder.boolValue ? String(cString: strerror(EISDIR)) : "is not UTF-8 text"
  }
}

/// The names of Prometheus's features that commands accept; those that change the language take effect.
struct FeatureNames {
  /// Of a flag such as `promql-experimental-functions,promql-delayed-name-removal`, given any number of times.
  private let names: [String]

  init(_ flags: [String]) { names = flags.flatMap { $0.split(separator: ",").map(String.init) } }

  /// The names that no feature has, as they were given.
  var unknown: [String] { names.filter { !Self.known.contains($0) } }

  /// Lets the features that change the language take effect.
  func apply(to options: inout QueryOptions) {
    options.experimentalFunctions = names.contains("promql-experimental-functions")
    options.delayedNameRemoval = names.contains("promql-delayed-name-removal")
    options.durationExpressions = names.contains("promql-duration-expr")
  }

  /// What Prometheus 3.5 knows; all but those of the language change nothing here.
  private static let known: Set<String> = [
    "auto-reload-config", "concurrent-rule-eval", "created-timestamp-zero-ingestion", "delayed-compaction",
    "exemplar-storage", "extra-scrape-metrics", "memory-snapshot-on-shutdown", "metadata-wal-records",
    "native-histograms", "old-ui", "ooo-native-histograms", "otlp-deltatocumulative", "otlp-native-delta-ingestion",
    "promql-delayed-name-removal", "promql-duration-expr", "promql-experimental-functions", "promql-per-step-stats",
    "type-and-unit-labels", "use-uncached-io",
  ]
}
