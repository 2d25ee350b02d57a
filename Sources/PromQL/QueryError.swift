/// Why a query could not be evaluated.
public enum QueryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The query does not fit the data or its own parameters.
  case execution(String)
  /// The request itself is wrong, such as a range query with too many steps.
  case badRequest(String)
  /// More samples than allowed would be held in memory.
  case tooManySamples
  /// The query took longer than allowed.
  case timeout
  /// The task that ran the query was cancelled.
  case canceled

  /// The error in Prometheus's words.
  public var description: String {
    switch self {
    case .execution(let message), .badRequest(let message): message
    case .tooManySamples: "query processing would load too many samples into memory in query execution"
    case .timeout: "query timed out in expression evaluation"
    case .canceled: "query was canceled in expression evaluation"
    }
  }

  static let duplicateLabels = QueryError.execution("vector cannot contain metrics with the same labelset")
}
