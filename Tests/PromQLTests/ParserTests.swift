import Testing
import TimeSeries

@testable import PromQL

@Suite struct ParserTests {
  /// Queries and their canonical form.
  static let table: [(query: String, canonical: String)] = [
    ("1", "1"),
    ("1e3", "1000"),
    ("1_000_000", "1000000"),
    ("0x1F", "31"),
    ("010", "8"),
    (".5", "0.5"),
    ("+Inf", "+Inf"),
    ("-inf", "-Inf"),
    ("NaN", "NaN"),
    ("5m", "5m"),
    ("1h30m", "1h30m"),
    ("-90s", "-1m30s"),
    ("foo", "foo"),
    ("a:b:c", "a:b:c"),
    ("foo{}", "foo"),
    ("foo { b = 'x' , a != \"y\" , }", "foo{a!=\"y\",b=\"x\"}"),
    ("{__name__=\"foo\"}", "{__name__=\"foo\"}"),
    ("{\"foo.bar\", \"l.x\"=~`a\\d+`}", "{\"l.x\"=~\"a\\\\d+\",__name__=\"foo.bar\"}"),
    ("foo[300]", "foo[5m]"),
    ("foo[ 5m ] OFFSET 1h @ 1.5", "foo[5m] @ 1.500 offset 1h"),
    ("foo offset -1m", "foo offset -1m"),
    ("foo @ start() offset 1m", "foo @ start() offset 1m"),
    ("foo @ -1", "foo @ -1.000"),
    ("foo offset (5m + 2 * 1m)", "foo offset (5m + 2 * 1m)"),
    ("foo[step() * 2]", "foo[step() * 2]"),
    ("foo[max_of(1m, range() / 2)]", "foo[max_of(1m, range() / 2)]"),
    ("foo offset 5m + 1", "foo offset 5m + 1"),
    ("rate(foo[5m])[1h:]", "rate(foo[5m])[1h:]"),
    ("rate(foo[5m])[1h:1m] offset 2m @ end()", "rate(foo[5m])[1h:1m] @ end() offset 2m"),
    ("SUM BY (a, b) (foo)", "sum by (a, b) (foo)"),
    ("sum(foo) without(a)", "sum without (a) (foo)"),
    ("sum by () (foo)", "sum(foo)"),
    ("sum without () (foo)", "sum without () (foo)"),
    ("sum by (\"a.b\", by, on) (foo)", "sum by (\"a.b\", by, on) (foo)"),
    ("topk by (a) (3, foo)", "topk by (a) (3, foo)"),
    ("count_values(\"v\", foo)", "count_values(\"v\", foo)"),
    ("a+b*c^d", "a + b * c ^ d"),
    ("a ==bool on(x) group_left(y)b", "a == bool on (x) group_left (y) b"),
    ("a * ignoring() group_right b", "a * ignoring () group_right () b"),
    ("a and on() b", "a and on () b"),
    ("a + ignoring() b", "a + b"),
    ("-a ^ 2", "-a ^ 2"),
    ("(a)", "(a)"),
    ("\"x\\n\"", "\"x\\n\""),
    ("sum", "sum"),
    ("start + end", "start + end"),
    ("offset + by + fill", "offset + by + fill"),
    ("time() # comment\n + 1", "time() + 1"),
    ("label_replace(a, \"b\", \"$1\", \"c\", \"(.*)\")", "label_replace(a, \"b\", \"$1\", \"c\", \"(.*)\")"),
  ]

  @Test(arguments: table) func queriesPrintInCanonicalForm(query: String, canonical: String) throws {
    var options = QueryOptions()
    options.durationExpressions = true
    let engine = QueryEngine(options: options)
    let expression = try engine.parse(query)
    #expect(expression.description == canonical)
    #expect(try engine.parse(canonical).shape == expression.shape)
  }

  @Test(arguments: [
    ("foo[5m / 0]", "1:8: parse error: division by zero"), ("foo[5m % 0]", "1:8: parse error: modulo by zero"),
    ("foo[5m - 6m, 1m]", "1:12: parse error: unexpected \",\" in subquery or range, expected \":\" or \"]\""),
  ]) func computedRangesAreChecked(query: String, error: String) {
    var options = QueryOptions()
    options.durationExpressions = true
    #expect(throws: ParseError.self) { try QueryEngine(options: options).parse(query) }
    let result = Result { try QueryEngine(options: options).parse(query) }
    if case .failure(let failure) = result { #expect("\(failure)" == error) }
  }

  @Test func operatorsBindByPrecedence() throws {
    let engine = QueryEngine()
    let pairs = [
      ("a or b and c", "a or (b and c)"), ("a and b unless c", "(a and b) unless c"),
      ("a > b + c", "a > (b + c)"), ("a + b * c", "a + (b * c)"), ("a - b - c", "(a - b) - c"),
      ("a ^ b ^ c", "a ^ (b ^ c)"), ("-a ^ b", "-(a ^ b)"), ("-a * b", "(-a) * b"), ("a * -b ^ c", "a * -(b ^ c)"),
      ("a atan2 b / c", "(a atan2 b) / c"), ("a == b > c", "(a == b) > c"),
    ]
    for (plain, grouped) in pairs {
      #expect(try engine.parse(plain).shapeWithoutParentheses == engine.parse(grouped).shapeWithoutParentheses)
    }
  }

  @Test func placesAreByteOffsets() throws {
    let expression = try QueryEngine().parse("sum(\n  rate(föö_total[5m])\n)".replacing("ö", with: "o"))
    #expect(expression.range.place == "1:1")
    let selector = try #require(expression.selectors.first)
    #expect(selector.range.place == "2:8")
    #expect(selector.range.start == 12)
    #expect(selector.range.end == 21)
  }

  @Test func referencedNamesNeedExactMatchers() throws {
    let engine = QueryEngine()
    #expect(try engine.parse("rate(a_total[5m]) / on() b{x=\"y\"}").referencedMetricNames == ["a_total", "b"])
    #expect(try engine.parse("{__name__=~\"a|b\"}").referencedMetricNames == ["a", "b"])
    #expect(try engine.parse("{__name__=~\"a.*\"} + b").referencedMetricNames == nil)
    #expect(try engine.parse("{x=\"y\"}").referencedMetricNames == nil)
    #expect(try engine.parse("time()").referencedMetricNames == [])
  }

  @Test func matchersOfASelectorParseAlone() throws {
    let matchers = try QueryEngine().parseMatchers("up{job=~\"a|b\"}")
    #expect(matchers.map(\.description) == ["job=~\"a|b\"", "__name__=\"up\""])
    #expect(throws: ParseError.self) { try QueryEngine().parseMatchers("sum(up)") }
    #expect(throws: ParseError.self) { try QueryEngine().parseMatchers("up offset 5m") }
    #expect(throws: ParseError.self) { try QueryEngine().parseMatchers("{}") }
  }
}

extension Expression {
  /// The tree as nested parentheses, without places.
  var shape: String { describe(keepsParentheses: true) }

  var shapeWithoutParentheses: String { describe(keepsParentheses: false) }

  private func describe(keepsParentheses: Bool) -> String {
    func inner(_ expression: Expression) -> String { expression.describe(keepsParentheses: keepsParentheses) }
    switch self {
    case .number(let node): return node.value.isNaN ? "nan" : "\(node.value)"
    case .string(let node): return Labels.quoted(node.value)
    case .selector(let node): return "\(node)"
    case .matrix(let node): return "(range \(node.selector) \(node.window.topLevelDescription))"
    case .subquery(let node):
      return
        "(subquery \(inner(node.expression)) \(node.window.topLevelDescription) \(node.step?.topLevelDescription ?? "") "
        + "\(node.offset?.topLevelDescription ?? "") \(node.pinnedTime.map { "\($0)" } ?? ""))"
    case .call(let node): return "(\(node.function.name) \(node.arguments.map(inner).joined(separator: " ")))"
    case .aggregate(let node):
      return
        "(\(node.operation) \(node.isWithout) \(node.grouping) \(node.parameter.map(inner) ?? "") \(inner(node.expression)))"
    case .binary(let node):
      return
        "(\(node.operation) \(node.returnsBool) \(node.matching?.description ?? "") \(inner(node.left)) \(inner(node.right)))"
    case .unary(let node): return "(\(node.isNegative ? "minus" : "plus") \(inner(node.expression)))"
    case .parenthesized(let node):
      return keepsParentheses ? "(group \(inner(node.expression)))" : inner(node.expression)
    }
  }
}
