/// Why a template was refused or could not be expanded, in the words of Go's `text/template`.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The whole message, with the template's name and place.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// A complaint inside the evaluator, before the place is known.
struct TemplateComplaint: Error {
  var message: String

  init(_ message: String) { self.message = message }
}
