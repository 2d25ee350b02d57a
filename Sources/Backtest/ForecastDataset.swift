import Foundation

/// A folder of series with the moments at which they are to be forecast, described by a manifest.
///
/// The manifest is JSON: `{"series": [{id, file, step_s, n_grid, start_ms, seasonal_periods, h_1h, h_24h, origins_ms,
/// split}]}`. Each file is CSV with the header `timestamp_ms,value`; a missing row is a missing value.
public struct ForecastDataset: Sendable {
  /// One series of the dataset.
  public struct Entry: Sendable, Decodable {
    public var id: String
    public var file: String
    public var stepSeconds: Double
    public var gridCount: Int
    public var start: Int64
    /// The farthest horizon, in steps.
    public var horizon: Int
    /// The times of the last value that each forecast may know, in UTC milliseconds.
    public var origins: [Int64]
    public var split: String?

    enum CodingKeys: String, CodingKey {
      case id, file, split
      case stepSeconds = "step_s"
      case gridCount = "n_grid"
      case start = "start_ms"
      case horizon = "h_24h"
      case origins = "origins_ms"
    }

    /// The distance between two values in milliseconds.
    public var step: Int64 { max(1, Int64((stepSeconds * 1000).rounded())) }
  }

  private struct Manifest: Decodable {
    var series: [Entry]
  }

  public let folder: String
  public let entries: [Entry]

  /// Reads the manifest and keeps the series of one split; every series without `split`, or with "all".
  ///
  /// - Throws: ``BacktestError`` naming the file and what is wrong with it.
  public init(folder: String, manifest: String? = nil, split: String = "all") throws(BacktestError) {
    let path = manifest ?? folder + "/manifest.json"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw BacktestError(path, "cannot be read")
    }
    let all: [Entry]
    do {
      all = try JSONDecoder().decode(Manifest.self, from: data).series
    } catch {
      throw BacktestError(path, "is no manifest: \(Self.describe(error))")
    }
    self.folder = folder
    entries = all.filter { split == "all" || $0.split == nil || $0.split == split }
    guard !entries.isEmpty else { throw BacktestError(path, "has no series of the split \"\(split)\"") }
    for entry in entries {
      guard (1...10_000_000).contains(entry.gridCount), (1...100_000).contains(entry.horizon), entry.stepSeconds > 0,
        entry.stepSeconds < 1e9
      else { throw BacktestError(path, "series \"\(entry.id)\" has an impossible step, length or horizon") }
    }
  }

  /// The values of a series on its grid, NaN where missing.
  ///
  /// - Throws: ``BacktestError`` with file and line.
  public func values(of entry: Entry) throws(BacktestError) -> [Double] {
    let table = try TimestampedTable(path: folder + "/" + entry.file)
    var values = [Double](repeating: .nan, count: entry.gridCount)
    for (index, timestamp) in table.timestamps.enumerated() {
      let position = Int((Double(timestamp - entry.start) / Double(entry.step)).rounded())
      guard values.indices.contains(position) else {
        throw BacktestError(table.path, "line \(index + 2): \(timestamp) lies outside the grid of the manifest")
      }
      values[position] = table.columns[0][index]
    }
    return values
  }

  private static func describe(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, let context): return "\(key.stringValue) is missing at \(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(context.debugDescription) at \(place(context))"
    default: return "it is not JSON"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? "." + $0.stringValue }.joined()
  }
}

/// Why a backtest cannot go on: one line that names the file.
public struct BacktestError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let reason: String

  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
}
