import Testing

@testable import PromQL

@Suite struct HistogramTests {
  static let data = """
    load 1m
      h_bucket{le="0.1", p="x"} 0+10x10
      h_bucket{le="0.5", p="x"} 0+30x10
      h_bucket{le="1", p="x"} 0+40x10
      h_bucket{le="+Inf", p="x"} 0+50x10

    """

  @Test func quantilesInterpolateInsideBuckets() throws {
    var runner = ScriptRunner()
    try runner.run(
      HistogramTests.data + """
        # 500 observations, rank 250: 150 of the 200 between 0.1 and 0.5.
        eval instant at 10m histogram_quantile(0.5, h_bucket)
          expect no_warn
          {p="x"} 0.4
        eval instant at 10m histogram_quantile(0.1, h_bucket)
          {p="x"} 0.05
        # Beyond the last finite bound, that bound.
        eval instant at 10m histogram_quantile(0.95, h_bucket)
          {p="x"} 1
        eval instant at 10m histogram_quantile(0.5, sum by (le) (rate(h_bucket[5m])))
          {} 0.4
        eval instant at 10m histogram_quantile(1.2, h_bucket)
          expect warn quantile value should be between 0 and 1, got 1.2 (1:20)
          {p="x"} Inf
        eval instant at 10m histogram_quantile(NaN, h_bucket)
          {p="x"} NaN
        # No observation, no quantile.
        eval instant at 0 histogram_quantile(0.5, h_bucket)
          {p="x"} NaN
        # Without the unbounded bucket, none either.
        eval instant at 10m histogram_quantile(0.5, h_bucket{le!="+Inf"})
          {p="x"} NaN
        eval instant at 10m histogram_quantiles(h_bucket, "q", 0.1, 0.5, 1)
          {p="x", q="0.1"} 0.05
          {p="x", q="0.5"} 0.4
          {p="x", q="1.0"} 1
        """)
  }

  @Test func fractionsCountBetweenBounds() throws {
    var runner = ScriptRunner()
    try runner.run(
      HistogramTests.data + """
        eval instant at 10m histogram_fraction(-Inf, 0.5, h_bucket)
          {p="x"} 0.6
        # 100 up to 0.1, and half of the 200 up to 0.5.
        eval instant at 10m histogram_fraction(-Inf, 0.3, h_bucket)
          {p="x"} 0.4
        # The first bucket has no lower bound to interpolate from.
        eval instant at 10m histogram_fraction(0, 0.3, h_bucket)
          {p="x"} NaN
        eval instant at 10m histogram_fraction(0.3, Inf, h_bucket)
          {p="x"} 0.6
        eval instant at 10m histogram_fraction(1, 0, h_bucket)
          {p="x"} 0
        eval instant at 10m histogram_fraction(NaN, 1, h_bucket)
          {p="x"} NaN
        """)
  }

  @Test func brokenHistogramsAreRepairedAndReported() throws {
    var runner = ScriptRunner(delayedNameRemoval: true)
    try runner.run(
      """
      load 1m
        b_bucket{le="1"} 10
        b_bucket{le="2"} 8
        b_bucket{le="+Inf"} 20
        c_bucket{le="x"} 1
        c_bucket 1
      # The second bucket is lifted to 10: rank 10 lies at the end of the first.
      eval instant at 0 histogram_quantile(0.5, b_bucket)
        expect info input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name "b_bucket" (1:25)
        {} 1
      eval instant at 0 histogram_quantile(0.5, c_bucket)
        expect warn bucket label "le" is missing or has a malformed value of "x" for metric name "c_bucket" (1:25)
        expect warn bucket label "le" is missing or has a malformed value of "" for metric name "c_bucket" (1:25)
      """)
  }

  @Test func functionsOfNativeHistogramsLeaveFloatsOut() throws {
    var runner = ScriptRunner()
    try runner.run(
      HistogramTests.data + """
        eval instant at 10m histogram_count(h_bucket)
        eval instant at 10m histogram_avg(h_bucket)
        """)
  }
}
