/// A position in a file, both numbers from 1; the column counts Unicode scalars.
public struct YAMLPlace: Sendable, Hashable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `file:line:column`.
  public var description: String { "\(file):\(line):\(column)" }
}

/// What is wrong with a document, and where.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
  public let place: YAMLPlace
  /// One sentence without the place and without a line break.
  public let message: String

  public init(_ place: YAMLPlace, _ message: String) {
    self.place = place
    self.message = String(
      String.UnicodeScalarView(message.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
  }

  /// `file:line:column: message`, one line.
  public var description: String { "\(place): \(message)" }
}
