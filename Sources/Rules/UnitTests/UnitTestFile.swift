import TimeSeries

/// A file of unit tests for rules, in the format of promtool.
public struct UnitTestFile: Sendable {
  /// The file's name as it was given.
  public var path: String
  /// The names or patterns of rule files as written, relative to the folder of this file.
  public var ruleFiles: [String]
  /// Milliseconds between two evaluations of the rules.
  public var evaluationInterval: Int64
  /// The names of groups in the order in which they are evaluated; those not named count as first.
  public var groupOrder: [String]
  /// Whether the last bit of a value may differ.
  public var comparesFuzzily: Bool
  public var tests: [UnitTest]
}

/// Series and what rules and expressions are to make of them.
public struct UnitTest: Sendable {
  /// Empty if it has none.
  public var name: String
  /// Milliseconds between two values of a series.
  public var interval: Int64
  /// When time begins, in UTC milliseconds.
  public var start: Int64
  /// Series and values as written.
  public var inputSeries: [(series: String, values: String)]
  public var externalLabels: Labels
  public var externalURL: String
  public var alertTests: [AlertTest]
  public var expressionTests: [ExpressionTest]

  /// Which alerts of one name fire at one time.
  public struct AlertTest: Sendable {
    /// Milliseconds after the start.
    public var time: Int64
    public var alertName: String
    public var expected: [AlertText]
  }

  /// What an expression is at one time.
  public struct ExpressionTest: Sendable {
    public var expression: String
    /// Milliseconds after the start.
    public var time: Int64
    public var expected: [ExpectedSample]
  }

  /// A sample as written; where it is a histogram, the value does not count.
  public struct ExpectedSample: Sendable {
    public var labels: String
    public var value: Double
    public var histogram: String
  }

  /// The latest time that is looked at, in milliseconds after the start.
  var end: Int64 { max(0, alertTests.map(\.time).max() ?? 0, expressionTests.map(\.time).max() ?? 0) }
}

/// The labels and annotations of an alert, sorted by name; empty values count.
public struct AlertText: Sendable, Equatable {
  var labels: [Label]
  var annotations: [Label]
}
