import CLibSVM

/// A one-class support vector machine with a radial kernel, by libsvm.
///
/// B. Schölkopf et al., "Estimating the Support of a High-Dimensional Distribution", Neural Computation 13, 2001;
/// C.-C. Chang, C.-J. Lin, "LIBSVM", 2011. The kernel's γ is 1 / (width · variance of all values), as scikit-learn's
/// `scale`.
public final class OneClassSVM: Sendable {
  private let width: Int
  // Written once, in `init`; libsvm only reads a model that it predicts with.
  private nonisolated(unsafe) let model: OpaquePointer

  /// Whether libsvm is installed.
  public static var isAvailable: Bool { harecast_svm_is_available() != 0 }

  /// A machine trained on `rows`, which have `width` values each; nil without libsvm or rows.
  ///
  /// - Parameter nu: the share of rows that may lie outside.
  public init?(rows: [Double], width: Int, nu: Double = 0.1) {
    guard width > 0, rows.count >= width else { return nil }
    var mean = 0.0
    for value in rows { mean += value / Double(rows.count) }
    var variance = 0.0
    for value in rows { variance += (value - mean) * (value - mean) / Double(rows.count) }
    let gamma = variance > 0 ? 1 / (Double(width) * variance) : 1
    guard let model = harecast_svm_train(rows, Int32(rows.count / width), Int32(width), nu, gamma) else { return nil }
    self.width = width
    self.model = model
  }

  deinit { harecast_svm_free(model) }

  /// The decision value of a row: below zero is outside.
  public func decision(_ row: [Double]) -> Double {
    guard row.count == width else { return 0 }
    return harecast_svm_decision(model, row)
  }
}
