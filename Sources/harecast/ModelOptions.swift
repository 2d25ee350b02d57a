import ArgumentParser
import Foundation
import ModelRegistry
import TimeSeries

/// Where trained models lie, and the keys that they are signed with.
struct ModelOptions: ParsableArguments {
  @Option(name: .customLong("models.path"), help: "The folder of trained models.")
  var path = "data/models"

  @Option(
    name: .customLong("key-file"),
    help:
      "A file whose bytes are the key that models are signed with; given again, files signed with the others are accepted too."
  )
  var keyFiles: [String] = []

  var folder: ModelFolder { ModelFolder(path) }

  /// The keys, the one to sign with first.
  ///
  /// - Throws: `ModelError`.
  func keys() throws(ModelError) -> [ModelKey] {
    var keys: [ModelKey] = []
    for file in keyFiles { keys.append(try ModelKey(file: file)) }
    return keys
  }

  /// Reads and verifies a model by its name, or by its path if it has a slash or the end of a model file.
  func read(_ name: String, keys: [ModelKey]) throws(ModelError) -> (
    file: ModelFile, signature: ModelSignature, bytes: [UInt8]
  ) {
    let isPath = name.contains("/") || name.hasSuffix(ModelFolder.suffix)
    let path = try isPath ? name : folder.file(of: name)
    let bytes = try ModelFolder.bytes(ofFile: path)
    let (file, signature) =
      isPath ? try ModelFile.read(bytes, subject: path, keys: keys) : try folder.read(name, keys: keys)
    return (file, signature, bytes)
  }
}

/// How commands about models answer.
enum ModelOutputFormat: String, CaseIterable, ExpressibleByArgument {
  case text, json
}

/// How a model is shown.
enum ModelText {
  /// The lines that describe a model.
  ///
  /// - Parameter path: where its file lies, if that is to be said.
  static func lines(
    _ header: ModelHeader, signature: ModelSignature, bytes: Int, path: String? = nil
  ) -> [String] {
    var lines = [
      "name:       \(header.name)", "model:      \(header.model)", "query:      \(header.query)",
      "step:       \(PrometheusDuration.format(header.step))",
      "trained on: \(RFC3339.format(header.trainedFrom)) to \(RFC3339.format(header.trainedThrough))",
      "created:    \(RFC3339.format(header.created)) by Harecast \(header.harecast)",
      "file:       \(path.map { "\($0), " } ?? "")\(bytes) bytes, \(signature)",
    ]
    for companion in header.companions ?? [] { lines.append("beside it:  \(companion)") }
    for (name, value) in header.settings.sorted(by: { $0.key < $1.key }) {
      lines.append("setting:    \(name)=\(value)")
    }
    lines.append("")
    lines.append("  values         MAE        R2      MASE  95% covers  series")
    for series in header.series {
      func cell(_ name: String, _ width: Int, _ factor: Double = 1) -> String {
        let text = series.metrics[name].map { String(format: "%.4g", $0 * factor) } ?? "-"
        return String(repeating: " ", count: max(1, width - text.count)) + text
      }
      let count = "\(series.observations)"
      lines.append(
        String(repeating: " ", count: max(0, 8 - count.count)) + count + cell("mae", 12) + cell("r2", 10)
          + cell("mase", 10) + cell("coverage_95", 12, 100)
          + "  \(Labels(series.labels.map { Label($0.key, $0.value) }))")
    }
    for series in header.series where !series.importances.isEmpty {
      lines.append("")
      lines.append(
        "features of \(Labels(series.labels.map { Label($0.key, $0.value) })), by their share of the gain, "
          + "and what the MAE rises by without:")
      for importance in series.importances.prefix(10) {
        let rise = importance.errorRise.map { String(format: "%+.3g", $0) } ?? "-"
        let padding = String(repeating: " ", count: max(2, 12 - rise.count))
        lines.append(
          "  " + String(format: "%5.1f%%", importance.share * 100) + padding + rise + "  \(importance.feature)")
      }
    }
    return lines
  }

  /// A model as a JSON object: its header, and what is known of its file.
  static func object(_ header: ModelHeader, signature: ModelSignature, bytes: Int) throws -> [String: Any] {
    var object =
      try JSONSerialization.jsonObject(with: Data(try header.json())) as? [String: Any] ?? [:]
    object["file_bytes"] = bytes
    switch signature {
    case .verified(let key): (object["signature"], object["key"]) = ("verified", key)
    case .unchecked(let key): (object["signature"], object["key"]) = ("unchecked", key)
    case .none: object["signature"] = "none"
    }
    return object
  }

  /// JSON text with its keys in order.
  static func json(_ object: Any) throws -> String {
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.fragmentsAllowed, .prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return String(decoding: data, as: UTF8.self)
  }
}
