import Testing

@testable import TimeSeries

@Suite("Labels")
struct LabelsTests {
  @Test func areSortedByNameWhateverTheOrderGiven() {
    let labels = Labels([Label("vhost", "/"), Label("__name__", "up"), Label("job", "rabbitmq")])
    #expect(labels.elements.map(\.name) == ["__name__", "job", "vhost"])
  }

  @Test func anEmptyValueRemovesTheLabelAndTheLaterOfTwoWins() {
    let labels = Labels([Label("a", "1"), Label("b", ""), Label("a", "2")])
    #expect(labels.elements == [Label("a", "2")])
  }

  @Test func equalSetsHaveEqualFingerprintsAndDifferentSplitsDoNot() {
    #expect(Labels(["a": "1", "b": "2"]).fingerprint == Labels(["b": "2", "a": "1"]).fingerprint)
    #expect(Labels(["ab": "c"]) != Labels(["a": "bc"]))
    #expect(Labels(["ab": "c"]).fingerprint != Labels(["a": "bc"]).fingerprint)
  }

  @Test func settingInsertsReplacesAndRemovesInOrder() {
    let labels = Labels(["b": "2"])
    #expect(labels.setting("a", to: "1") == Labels(["a": "1", "b": "2"]))
    #expect(labels.setting("b", to: "3") == Labels(["b": "3"]))
    #expect(labels.setting("b", to: "").isEmpty)
    #expect(labels.setting("c", to: "").elements == labels.elements)
  }

  @Test func keepingAndRemovingSelectByName() {
    let labels = Labels(name: "up", ["job": "x", "instance": "y"])
    #expect(labels.keeping(["job"]) == Labels(["job": "x"]))
    #expect(labels.removing(["job", "__name__"]) == Labels(["instance": "y"]))
    #expect(labels.withoutMetricName == Labels(["job": "x", "instance": "y"]))
  }

  @Test(arguments: [
    (Labels(name: "up"), "up"),
    (Labels(name: "up", ["a": "x\"y\\z\n"]), #"up{a="x\"y\\z\n"}"#),
    (Labels(["a": "1", "b": "2"]), #"{a="1", b="2"}"#),
    (Labels(name: "my.metric", ["a.b": "ü"]), #"{"my.metric", "a.b"="ü"}"#),
    (Labels(), "{}"),
  ])
  func printAsPrometheusPrintsThem(labels: Labels, expected: String) {
    #expect(labels.description == expected)
  }

  @Test func orderIsLabelByLabelAndAPrefixSortsFirst() {
    let sorted = [Labels(["a": "1"]), Labels(["a": "1", "b": "1"]), Labels(["a": "2"]), Labels(["b": "0"])]
    #expect(sorted.shuffled().sorted() == sorted)
  }
}

@Suite("Prometheus durations")
struct PrometheusDurationTests {
  @Test(arguments: [
    ("0", 0), ("15s", 15_000), ("1h30m", 5_400_000), ("100ms", 100), ("2w", 1_209_600_000),
    ("1y1d", 31_622_400_000), ("1m30s5ms", 90_005),
  ])
  func parse(text: String, milliseconds: Int64) {
    #expect(PrometheusDuration.parse(text) == milliseconds)
  }

  @Test(arguments: ["", "5", "m", "1m1h", "1s1s", "-1s", "1.5h", "1 s", "99999999999y", "1µs"])
  func refuse(text: String) {
    #expect(PrometheusDuration.parse(text) == nil)
  }

  @Test(arguments: [
    (0, "0s"), (5_400_000, "1h30m"), (100, "100ms"), (604_800_000, "1w"), (691_200_000, "8d"),
    (-60_000, "-1m"), (86_400_000, "1d"), (31_536_000_000, "1y"),
  ])
  func format(milliseconds: Int64, text: String) {
    #expect(PrometheusDuration.format(milliseconds) == text)
  }
}

@Suite("Label matchers")
struct LabelMatcherTests {
  @Test func regularExpressionsAreAnchoredAndTheDotMatchesANewline() throws {
    let matcher = try LabelMatcher("queue", .matches, "orders.*")
    #expect(matcher.accepts("orders.1"))
    #expect(matcher.accepts("orders\n1"))
    #expect(!matcher.accepts("my-orders"))
  }

  @Test func anAbsentLabelIsTheEmptyString() throws {
    let labels = Labels(["a": "1"])
    #expect(try LabelMatcher("b", .notEqual, "x").accepts(labels))
    #expect(try LabelMatcher("b", .matches, ".*").accepts(labels))
    #expect(try !LabelMatcher("b", .matches, ".+").accepts(labels))
    #expect(LabelMatcher("b", equals: "").accepts(labels))
  }

  @Test func anAlternationOfLiteralsNeedsNoAutomaton() throws {
    #expect(try LabelMatcher("a", .matches, "x|y|z").literalValues == ["x", "y", "z"])
    #expect(try LabelMatcher("a", .matches, "x|y.").literalValues == nil)
    #expect(try LabelMatcher("a", .matches, "x|y").accepts("y"))
    #expect(try LabelMatcher("a", .doesNotMatch, "x|y").accepts("z"))
  }

  @Test func anInvalidExpressionIsAnErrorThatNamesIt() {
    #expect(throws: RegularExpressionError.self) { try LabelMatcher("a", .matches, "a(") }
    do {
      _ = try RegularExpression(anchored: "a(")
    } catch {
      #expect("\(error)" == "invalid regular expression \"a(\": missing ): a(")
    }
  }

  @Test func aPatternTooBigToCompileIsRefusedNotRun() {
    #expect(throws: RegularExpressionError.self) {
      try RegularExpression(anchored: String(repeating: "(a{1000})", count: 50) + "{1000}")
    }
  }

  @Test(arguments: [
    ("(.*)-(.*)", "$2-$1", "b-a"), ("(.*)-.*", "${1}x", "ax"), ("(.*)-.*", "$1x", ""),
    ("(?P<n>.*)-.*", "$n!", "a!"), (".*", "$$1", "$1"), ("a-b", "$0", "a-b"), (".*", "${-1}x", "x"),
    (".*", "${99999999999999999999}x", "x"), (".*", "$", "$"),
  ])
  func expandTemplatesAsGoDoes(pattern: String, template: String, expected: String) throws {
    #expect(try RegularExpression(anchored: pattern).expand(template, matching: "a-b") == expected)
  }
}
