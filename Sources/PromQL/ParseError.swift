/// Why a query could not be understood, and where.
public struct ParseError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The byte range in the query.
  public let range: SourceRange
  /// The line of the range's start, counted from 1; 0 if the place is unknown.
  public let line: Int
  /// The byte in the line, counted from 1; 0 if the place is unknown.
  public let column: Int
  /// What is wrong.
  public let message: String

  init(_ message: String, at range: SourceRange, in query: [UInt8]) {
    self.message = message
    self.range = range
    if query.isEmpty || range.start < 0 || range.start > query.count {
      line = 0
      column = 0
      return
    }
    var lastBreak = -1
    var line = 1
    for index in 0..<range.start where query[index] == UInt8(ascii: "\n") {
      lastBreak = index
      line += 1
    }
    self.line = line
    column = range.start - lastBreak
  }

  /// The error in Prometheus's form, for instance `1:5: parse error: unexpected end of input`.
  public var description: String {
    line == 0 ? "unknown position: parse error: \(message)" : "\(line):\(column): parse error: \(message)"
  }
}
