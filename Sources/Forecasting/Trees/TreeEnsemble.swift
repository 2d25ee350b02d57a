import CXGBoost
import Synchronization
import TimeSeries

/// Decision trees that were grown together, for regression on a table of features.
///
/// Gradient boosting: T. Chen and C. Guestrin, "XGBoost: A Scalable Tree Boosting System" (2016). Random forest:
/// L. Breiman, "Random Forests" (2001), grown by the same library as one round of parallel trees. One thread, a fixed
/// seed: the same table gives the same trees.
public final class TreeEnsemble: @unchecked Sendable {
  /// How trees are grown.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// 200 trees of depth 6, each on what the ones before left over, at a learning rate of 0.1.
    case gradientBoosting = 0
    /// 200 trees of depth 12, each on its own sample of rows and, at each split, of a third of the features.
    case randomForest = 1
  }

  // The library's handle may be used by one thread at a time: every use goes through the lock, which is what makes
  // the class sendable.
  private let model: boosting_model
  private let lock = Mutex(())
  /// The number of features.
  public let columns: Int

  private init(model: boosting_model, columns: Int) {
    self.model = model
    self.columns = columns
  }

  deinit { boosting_free(model) }

  /// Whether the library that grows trees (libxgboost) is installed.
  public static var isAvailable: Bool { boosting_is_available() != 0 }

  /// Grows trees on a row-major table (NaN = missing).
  ///
  /// - Complexity: O(trees × depth × rows × columns).
  /// - Throws: ``ForecastError/unavailable(_:)`` if the library is missing or refuses.
  public static func train(
    _ kind: Kind, features: [Float], columns: Int, targets: [Float]
  ) throws(ForecastError) -> TreeEnsemble {
    guard columns > 0, !targets.isEmpty, features.count == columns * targets.count else {
      throw .unavailable("a table of \(features.count) numbers is not \(targets.count) rows of \(columns)")
    }
    var settings = [
      "objective": "reg:squarederror", "nthread": "1", "seed": "42", "verbosity": "0", "tree_method": "hist",
    ]
    switch kind {
    case .gradientBoosting:
      settings["max_depth"] = "6"
      settings["eta"] = "0.1"
    case .randomForest:
      settings["num_parallel_tree"] = "200"
      settings["max_depth"] = "12"
      settings["eta"] = "1"
      settings["subsample"] = "0.632"
      settings["colsample_bynode"] = "0.333"
      settings["lambda"] = "0.001"
    }
    var model: boosting_model?
    let names = settings.keys.sorted()
    let status = withCStrings(names) { names in
      withCStrings(settings.sorted { $0.key < $1.key }.map(\.value)) { values in
        boosting_train(
          features, UInt64(targets.count), UInt64(columns), targets, names, values, Int32(settings.count),
          kind == .gradientBoosting ? 200 : 1, &model)
      }
    }
    guard status == 0, let model else { throw .unavailable(lastError) }
    return TreeEnsemble(model: model, columns: columns)
  }

  /// One value for each row of a row-major table.
  ///
  /// - Throws: ``ForecastError/unavailable(_:)``.
  public func predict(_ features: [Float]) throws(ForecastError) -> [Float] {
    let rows = features.count / columns
    guard rows > 0, rows * columns == features.count else {
      throw .unavailable("\(features.count) numbers are no table of \(columns) columns")
    }
    var results = [Float](repeating: 0, count: rows)
    let status = lock.withLock { _ in
      boosting_predict(model, features, UInt64(rows), UInt64(columns), &results)
    }
    guard status == 0 else { throw .unavailable(Self.lastError) }
    return results
  }

  /// How much each feature contributed to the splits: shares that add up to 1, or all 0 if there was no split.
  public func importances() throws(ForecastError) -> [Double] {
    var gains = [Float](repeating: 0, count: columns)
    let status = lock.withLock { _ in boosting_gain(model, &gains, UInt64(columns)) }
    guard status == 0 else { throw .unavailable(Self.lastError) }
    var total = 0.0
    for gain in gains { total += Double(gain) }
    return gains.map { total > 0 ? Double($0) / total : 0 }
  }

  /// The trees as bytes: a checksum, then the library's own format.
  public func saved() throws(ForecastError) -> [UInt8] {
    let result: [UInt8]? = lock.withLock { _ in
      var bytes: UnsafePointer<CChar>?
      var count: UInt64 = 0
      guard boosting_save(model, &bytes, &count) == 0, let bytes else { return nil }
      return Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    }
    guard let result else { throw .unavailable(Self.lastError) }
    let sum = Self.checksum(result[...], columns)
    return (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64($0 * 8)) } + result
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>, _ columns: Int) -> UInt64 {
    bytes.withUnsafeBytes { StableHash.hash($0, seed: UInt64(truncatingIfNeeded: columns)) }
  }

  /// Brings trees back.
  ///
  /// The library trusts what it reads, so damage is caught by the checksum. Against malice there is only the
  /// signature of the model file.
  ///
  /// - Throws: ``ForecastError/unreadableState(_:)``.
  public init(restoring saved: [UInt8], columns: Int) throws(ForecastError) {
    var sum: UInt64 = 0
    for (index, byte) in saved.prefix(8).enumerated() { sum |= UInt64(byte) << UInt64(index * 8) }
    let bytes = saved.dropFirst(8)
    guard saved.count > 8, sum == Self.checksum(bytes, columns) else {
      throw .unreadableState("the trees are damaged")
    }
    var restored: boosting_model?
    let status = bytes.withUnsafeBytes { buffer in
      boosting_load(buffer.bindMemory(to: CChar.self).baseAddress, UInt64(buffer.count), &restored)
    }
    guard status == 0, let restored else { throw .unreadableState(Self.lastError) }
    model = restored
    self.columns = columns
  }

  private static var lastError: String { String(cString: boosting_error()) }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let bytes = strings.map { Array($0.utf8CString) }
    let flat = bytes.flatMap { $0 }
    return flat.withUnsafeBufferPointer { buffer in
      var pointers: [UnsafePointer<CChar>?] = []
      var offset = 0
      for text in bytes {
        pointers.append(buffer.baseAddress.map { $0 + offset })
        offset += text.count
      }
      return pointers.withUnsafeBufferPointer { pointers in
        // Safe: at least one setting is always given, so the array has an address.
        guard let base = pointers.baseAddress else { preconditionFailure("no settings") }
        return body(base)
      }
    }
  }
}
