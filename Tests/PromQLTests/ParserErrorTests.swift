import Testing

@testable import PromQL

@Suite struct ParserErrorTests {
  static let table: [(query: String, error: String)] = [
    ("", "unknown position: parse error: no expression found in input"),
    ("  # only a comment", "1:1: parse error: no expression found in input"),
    ("foo bar", "1:5: parse error: unexpected identifier \"bar\""),
    ("foo\n  bar", "2:3: parse error: unexpected identifier \"bar\""),
    ("1 +", "1:4: parse error: unexpected end of input"),
    ("+ )", "1:4: parse error: unexpected right parenthesis ')'"),
    ("(1", "1:3: parse error: unclosed left parenthesis"),
    ("foo[", "1:5: parse error: unexpected end of input in duration expression"),
    ("foo[5m", "1:7: parse error: unclosed left bracket"),
    ("foo]", "1:4: parse error: unexpected right bracket ']'"),
    ("foo[[5m]]", "1:5: parse error: unexpected character in duration expression: '['"),
    ("foo[5m[", "1:7: parse error: unexpected left bracket '['"),
    ("foo[:5m]", "1:6: parse error: unexpected colon before duration in duration expression"),
    ("foo[5m:5m:5m]", "1:10: parse error: unexpected colon ':'"),
    ("foo[5m ab]", "1:9: parse error: unexpected colon 'b'"),
    ("foo[]", "1:5: parse error: unexpected \"]\" in subquery selector, expected number or duration"),
    ("foo[5m 5m]", "1:8: parse error: unexpected duration \"5m\" in subquery or range, expected \":\" or \"]\""),
    ("foo[5m:)]", "1:9: parse error: unexpected right parenthesis ')'"),
    ("(foo[5m:)]", "1:9: parse error: unexpected \")\" in subquery selector, expected number or duration or \"]\""),
    ("foo[5m:1m 1m]", "1:11: parse error: unexpected duration \"1m\" in subquery selector, expected \"]\""),
    ("foo[0m]", "1:5: parse error: duration must be greater than 0"),
    ("foo[-1m]", "1:5: parse error: duration must be greater than 0"),
    ("foo[300y]", "1:5: parse error: duration out of range"),
    ("foo offset 9999999999999", "1:12: parse error: duration out of range"),
    ("foo[5mm]", "1:5: parse error: bad number or duration syntax: \"5mm\""),
    ("5m30", "1:1: parse error: bad number or duration syntax: \"5m30\""),
    ("5hs", "1:1: parse error: unknown unit \"hs\" in duration \"5hs\""),
    ("30m1h", "1:1: parse error: not a valid duration string: \"30m1h\""),
    ("1__0", "1:1: parse error: bad number or duration syntax: \"1__\""),
    ("1e400", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e400\": value out of range"),
    ("$", "1:1: parse error: unexpected character: '$'"),
    ("é", "1:1: parse error: unexpected character: 'é'"),
    ("foo =~ 1", "1:5: parse error: unexpected character after '=': '~'"),
    ("foo !", "1:5: parse error: unexpected character after '!': '\u{fffd}'"),
    ("foo{", "1:5: parse error: unexpected end of input inside braces"),
    ("foo{{", "1:5: parse error: unexpected left brace '{'"),
    ("foo{1}", "1:5: parse error: unexpected character inside braces: '1'"),
    ("foo{a!x}", "1:6: parse error: unexpected character after '!' inside braces: 'x'"),
    ("foo{a}", "1:6: parse error: unexpected \"}\" in label matching, expected label matching operator"),
    ("foo{a=}", "1:7: parse error: unexpected \"}\" in label matching, expected string"),
    ("foo{a==\"b\"}", "1:7: parse error: unexpected \"=\" in label matching, expected string"),
    ("foo{a=\"b\" c}", "1:11: parse error: unexpected identifier \"c\" in label matching, expected \",\" or \"}\""),
    ("foo{,}", "1:5: parse error: unexpected \",\" in label matching, expected identifier or \"}\""),
    ("foo{a=~\"(\"}", "1:5: parse error: error parsing regexp: missing closing ): `(`"),
    ("foo{a=~\"*\"}", "1:5: parse error: error parsing regexp: missing argument to repetition operator: `*`"),
    ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
    ("{a=~\".*\"}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
    ("foo{__name__=\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""),
    ("foo{\"bar\"}", "1:1: parse error: metric name must not be set twice: \"foo\" or \"bar\""),
    ("\"abc", "1:1: parse error: unterminated quoted string"),
    ("\"a\nb\"", "1:1: parse error: unterminated quoted string"),
    ("`abc", "1:1: parse error: unterminated raw string"),
    ("\"\\q\"", "1:1: parse error: unknown escape sequence U+0071 'q'"),
    ("\"\\xg0\"", "1:1: parse error: illegal character U+0067 'g' in escape sequence"),
    ("\"\\ud800\"", "1:1: parse error: escape sequence is an invalid Unicode code point"),
    ("\"\\", "1:1: parse error: escape sequence not terminated"),
    ("sum foo", "1:5: parse error: unexpected identifier \"foo\""),
    ("sum by foo (x)", "1:8: parse error: unexpected identifier \"foo\" in grouping opts, expected \"(\""),
    ("sum by (1) (x)", "1:9: parse error: unexpected number \"1\" in grouping opts, expected label"),
    ("sum by (a b) (x)", "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\""),
    ("sum by (a) x", "1:12: parse error: unexpected identifier \"x\" in aggregation"),
    ("sum(foo bar)", "1:9: parse error: unexpected identifier \"bar\" in aggregation"),
    ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
    ("topk(foo)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"),
    ("sum(1, foo)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"),
    ("1 + sum(1)", "1:9: parse error: expected type instant vector in aggregation expression, got scalar"),
    ("topk(\"x\", foo)", "1:6: parse error: expected type scalar in aggregation parameter, got string"),
    ("count_values(1, foo)", "1:14: parse error: expected type string in aggregation parameter, got scalar"),
    ("nope(foo)", "1:1: parse error: unknown function with name \"nope\""),
    ("Rate(foo[5m])", "1:1: parse error: unknown function with name \"Rate\""),
    ("mad_over_time(foo[5m])", "1:1: parse error: function \"mad_over_time\" is not enabled"),
    ("first_over_time(foo[5m])", "1:1: parse error: function \"first_over_time\" is not enabled"),
    ("histogram_quantiles(foo, \"q\", 0.5)", "1:1: parse error: function \"histogram_quantiles\" is not enabled"),
    (
      "limitk(1, foo)",
      "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions"
    ),
    ("rate(foo)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"),
    ("rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"),
    ("round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"),
    ("round(foo, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"),
    ("abs(foo,)", "1:8: parse error: trailing commas not allowed in function call args"),
    ("abs(,foo)", "1:5: parse error: unexpected \",\""),
    ("1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
    ("foo + bool bar", "1:5: parse error: bool modifier can only be used on comparison operators"),
    ("foo and 1", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"),
    ("foo and on(a) group_left bar", "1:1: parse error: no grouping allowed for \"and\" operation"),
    ("foo + on(a) group_left(a) bar", "1:5: parse error: label \"a\" must not occur in ON and GROUP clause at once"),
    ("foo + on(a) 1", "1:1: parse error: vector matching only allowed between instant vectors"),
    ("foo + \"x\"", "1:7: parse error: binary expression must contain only scalar and instant vector types"),
    ("foo[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"),
    ("foo + group_left bar", "1:7: parse error: unexpected <group_left>"),
    ("foo + on(a) group_left % bar", "1:24: parse error: unexpected <op:%> in grouping opts, expected \"(\""),
    ("foo + fill(0) bar", "1:1: parse error: binop fill modifiers are experimental and not enabled"),
    (
      "-\"x\"",
      "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"string\""
    ),
    (
      "-foo[5m]",
      "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range vector\""
    ),
    ("foo offset", "1:11: parse error: unexpected end of input in offset, expected number or duration"),
    ("foo offset bar", "1:12: parse error: unexpected identifier \"bar\" in offset, expected number or duration"),
    ("foo[5m + 1m]", "1:5: parse error: experimental duration expression is not enabled"),
    ("foo[5m:(1m)]", "1:9: parse error: experimental duration expression is not enabled"),
    ("foo[step()]", "1:5: parse error: unexpected character in duration expression: 's'"),
    ("start()", "1:6: parse error: unexpected \"(\""),
    ("1_", "1:1: parse error: bad number or duration syntax: \"1_\""),
    ("(1_)", "1:2: parse error: error parsing number: strconv.ParseFloat: parsing \"1_\": invalid syntax"),
    ("foo offset 1m offset 1m", "1:1: parse error: offset may not be set multiple times"),
    (
      "sum(foo) offset 1m",
      "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery"
    ),
    ("foo @", "1:6: parse error: unexpected end of input in @, expected timestamp"),
    ("foo @ bar", "1:7: parse error: unexpected identifier \"bar\" in @, expected timestamp"),
    ("foo @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"),
    ("foo @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"),
    (
      "(foo) @ 1",
      "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery"
    ),
    ("foo offset 1m [5m]", "1:15: parse error: no offset modifiers allowed before range"),
    ("foo @ 1 [5m]", "1:9: parse error: no @ modifiers allowed before range"),
    ("(foo)[5m]", "1:6: parse error: ranges only allowed for vector selectors"),
    ("foo[5m][5m]", "1:8: parse error: ranges only allowed for vector selectors"),
    ("foo[5m][5m:]", "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"),
    ("1[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"),
    ("foo smoothed", "1:5: parse error: unexpected identifier \"smoothed\""),
    ("foo @ @", "1:7: parse error: unexpected \"<Item 57400>\" <op:@> in @, expected timestamp"),
    ("foo \"a very long string\"", "1:5: parse error: unexpected string \"\\\"a very lo\"..."),
  ]

  @Test(arguments: table) func mistakesAreNamedWithTheirPlace(query: String, error: String) {
    let result = Result { try QueryEngine().parse(query) }
    switch result {
    case .success(let expression): Issue.record("\(query) parsed as \(expression)")
    case .failure(let failure): #expect("\(failure)" == error)
    }
  }

  @Test func infoTakesSelectorsOnly() {
    var options = QueryOptions()
    options.experimentalFunctions = true
    let engine = QueryEngine(options: options)
    let table = [
      ("info(up, foo{a=\"b\"})", "1:10: parse error: expected label selectors only, got vector selector instead"),
      ("info(up, sum(up))", "1:10: parse error: expected label selectors only"),
      ("info(up, 1)", "1:1: parse error: expected type instant vector in call to function \"info\", got scalar"),
    ]
    for (query, message) in table {
      #expect(throws: ParseError.self) { try engine.parse(query) }
      do { _ = try engine.parse(query) } catch { #expect(error.description == message) }
    }
  }

  @Test func nestingIsBounded() {
    let engine = QueryEngine()
    for query in [
      String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000),
      String(repeating: "-", count: 100_000) + "a",
      String(repeating: "1+", count: 100_000) + "1",
      String(repeating: "1^", count: 100_000) + "1",
      String(repeating: "abs(", count: 100_000) + "a" + String(repeating: ")", count: 100_000),
      "a" + String(repeating: "[1m:]", count: 100_000),
      "a[" + String(repeating: "(", count: 100_000) + "1m" + String(repeating: ")", count: 100_000) + "]",
      "a[1m" + String(repeating: "+1m", count: 100_000) + "]",
    ] {
      #expect(throws: ParseError.self) { try engine.parse(query) }
    }
  }

  @Test func deepestAllowedNestingEvaluates() throws {
    let depth = ParserOptions.maximumDepth - 2
    let source = SampleTable()
    let engine = QueryEngine()
    for query in [
      String(repeating: "(", count: depth) + "1" + String(repeating: ")", count: depth),
      String(repeating: "1+", count: depth) + "1",
      String(repeating: "abs(", count: depth) + "vector(1)" + String(repeating: ")", count: depth),
      String(repeating: "sum by (a) (", count: depth) + "vector(1)" + String(repeating: ")", count: depth),
    ] {
      let expression = try engine.parse(query)
      #expect(try engine.parse(expression.description).description == expression.description)
      _ = try engine.instant(expression, at: 0, source: source)
    }
  }
}
