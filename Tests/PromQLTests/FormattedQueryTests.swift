import Testing

@testable import PromQL

@Suite struct FormattedQueryTests {
  @Test func shortQueriesStayOnOneLine() throws {
    let engine = QueryEngine()
    #expect(try engine.parse("sum  by(a)( rate(foo[5m]) )").formatted == "sum by (a) (rate(foo[5m]))")
  }

  @Test func longQueriesBreakAtOperatorsAndArguments() throws {
    let engine = QueryEngine()
    let query = """
      topk by (cluster) (3, sum by (cluster, instance) (rate(http_requests_total{code=~"5..", job="api"}[5m]))) \
      > bool on (cluster) group_left () -(label_replace(quantile_over_time(0.99, latency_seconds[1h:5m]), "destination", "$1", "instance", "(.*):.*"))
      """
    let expected = """
        topk by (cluster) (
          3,
          sum by (cluster, instance) (rate(http_requests_total{code=~"5..",job="api"}[5m]))
        )
      > bool on (cluster) group_left ()
        -(
          label_replace(
            quantile_over_time(0.99, latency_seconds[1h:5m]),
            "destination",
            "$1",
            "instance",
            "(.*):.*"
          )
        )
      """
    let expression = try engine.parse(query)
    #expect(expression.formatted == expected)
    #expect(try engine.parse(expected).shape == expression.shape)
  }
}
