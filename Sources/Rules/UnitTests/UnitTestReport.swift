/// How the tests of one file went.
public struct UnitTestReport: Sendable {
  /// One test.
  public struct Case: Sendable {
    public var name: String
    /// What did not hold, in the form of promtool.
    public var failures: [String]
  }

  public var path: String
  /// Why no test could be run; nil if they were.
  public var fault: String?
  public var cases: [Case]
  /// What was asked to be shown about the runs, line by line.
  public var trace: [String] = []

  public init(path: String, fault: String? = nil, cases: [Case] = []) {
    self.path = path
    self.fault = fault
    self.cases = cases
  }

  /// Everything that went wrong.
  public var failures: [String] { (fault.map { [$0] } ?? []) + cases.flatMap(\.failures) }

  /// The reports of all files as a document in the form of JUnit.
  public static func junit(_ reports: [UnitTestReport], timestamp: String) -> String {
    var text = "<testsuites>"
    for report in reports {
      // A fault belongs to a test of its own.
      let count = report.cases.count + (report.fault != nil ? 1 : 0)
      let failures = report.cases.reduce(0) { $0 + $1.failures.count }
      text += "<testsuite name=\"\(escaped(report.path))\" tests=\"\(count)\" failures=\"\(failures)\""
      text += " errors=\"\(report.fault != nil ? 1 : 0)\" skipped=\"0\" timestamp=\"\(escaped(timestamp))\">"
      if let fault = report.fault {
        text += "<testcase name=\"unknown\"><error>\(escaped(fault))</error></testcase>"
      }
      for one in report.cases {
        text += "<testcase name=\"\(escaped(one.name))\">"
        text += one.failures.map { "<failure>\(escaped($0))</failure>" }.joined()
        text += "</testcase>"
      }
      text += "</testsuite>"
    }
    return text + "</testsuites>"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&#34;"
      case "'": result += "&#39;"
      case "\n": result += "&#xA;"
      case "\t": result += "&#x9;"
      case "\r": result += "&#xD;"
      default: result.unicodeScalars.append(scalar.value < 0x20 ? "\u{fffd}" : scalar)
      }
    }
    return result
  }
}
