import TimeSeries

/// Why the management API could not be read.
public struct ManagementError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of failure; its raw value is fit to be a metric label.
  public enum Reason: String, Sendable, CaseIterable {
    /// The user or the password is wrong, or the user lacks the tag `monitoring`.
    case unauthorised
    /// The API answered with a status that it should not.
    case status
    /// The answer was not what the API is documented to send.
    case malformed
    /// There was no answer: refused, timed out, not trusted.
    case unreachable
  }

  public var reason: Reason
  /// The address without user and password.
  public var url: String
  /// What happened, with the values that matter.
  public var detail: String

  public init(_ reason: Reason, url: String, detail: String) {
    self.reason = reason
    self.url = url
    self.detail = detail
  }

  public var description: String { "\(url): \(detail)" }

  static func unauthorised(url: String, user: String?) -> ManagementError {
    let detail =
      user.map {
        "user \(Labels.quoted($0)) is refused (401): check its password, and that it has the tag monitoring"
      } ?? "a user is asked for (401): set management.username and management.password_file"
    return ManagementError(.unauthorised, url: url, detail: detail)
  }
}
