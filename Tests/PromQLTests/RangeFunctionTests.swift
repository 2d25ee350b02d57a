import Testing

@testable import PromQL

@Suite struct RangeFunctionTests {
  @Test func rateExtrapolatesToTheEdges() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        c_total 0 60 120 180 240 300
      # Samples at 1m ... 5m, 240 over 240 s; the left edge is one spacing away: all 300 s count.
      eval instant at 5m increase(c_total[5m])
        {} 300
      eval instant at 5m rate(c_total[5m])
        expect no_info
        {} 1
      eval instant at 5m delta(c_total[5m])
        {} 300
      # One sample is no rate.
      eval instant at 5m rate(c_total[1m])
      clear
      load 1m
        c_total 0 10 20 5 15
      # The fall from 20 to 5 adds 20: 10 - 20 ... 1m to 4m: 15 - 10 + 20 = 25 over 180 s, extended by the
      # 60 s to the left edge as 10 * 180 / 25 = 72 s reach back to zero.
      eval instant at 4m increase(c_total[4m])
        {} 33.333333333333336
      eval instant at 4m resets(c_total[10m])
        {} 1
      eval instant at 4m changes(c_total[10m])
        {} 4
      # A reset on the window's edge is no reset inside it.
      eval instant at 4m increase(c_total[2m])
        {} 15
      eval range from 2m to 4m step 1m resets(c_total[2m])
        {} 0 1 0
      """)
  }

  @Test func extrapolationStopsAtZeroAndAtHalfASpacing() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        c_total _ _ _ 1 4 7
      # 3m to 5m: 6 over 120 s. Zero lies 1 * 120 / 6 = 20 s before 3m, nearer than half a spacing.
      eval instant at 5m increase(c_total[10m])
        {} 7
      # A gauge extends half a spacing: 6 * 150 / 120.
      eval instant at 5m delta(c_total[10m])
        {} 7.5
      clear
      load 1m
        c_total 100 103 106 109
      # 1m to 3m; the right edge is 2 min away, over 1.1 spacings: half a spacing; the left edge 1 min.
      eval instant at 5m increase(c_total[5m])
        {} 10.5
      """)
  }

  @Test func ratesOfOddlyNamedMetricsAreRemarked() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        things 1 2 3
        things_total 1 2 3
      eval instant at 2m rate(things[5m]) > 100
        expect info PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "things" (1:6)
      eval instant at 2m rate(things_total[5m]) > 100
        expect no_info
      eval instant at 2m delta(things[5m]) > 100
        expect no_info
      """)
  }

  @Test func instantChangesUseTheLastTwoSamples() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 10s
        c 0 100 5
      eval instant at 20s irate(c[1m])
        {} 0.5
      eval instant at 20s idelta(c[1m])
        {} -95
      eval instant at 10s irate(c[1m])
        {} 10
      eval instant at 0 irate(c[1m])
      """)
  }

  @Test func overTimeFunctionsSeeTheWindow() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 10s
        m 1 5 2 NaN 4
        n 1 5 2 4
      eval instant at 30s avg_over_time(n[1m])
        {} 3
      eval instant at 40s max_over_time(m[1m])
        {} 5
      eval instant at 40s min_over_time(m[1m])
        {} 1
      eval instant at 30s stdvar_over_time(n[1m])
        {} 2.5
      eval instant at 30s stddev_over_time(n[1m])
        {} 1.5811388300841898
      eval instant at 30s quantile_over_time(0.5, n[1m])
        {} 3
      eval instant at 30s quantile_over_time(2, n[1m])
        expect warn quantile value should be between 0 and 1, got 2 (1:20)
        {} Inf
      # Median 3; deviations 2 2 1 1.
      eval instant at 30s mad_over_time(n[1m])
        {} 1.5
      eval instant at 30s last_over_time(n[1m])
        n 4
      eval instant at 30s first_over_time(n[1m])
        n 1
      eval instant at 30s ts_of_max_over_time(n[1m])
        {} 10
      eval instant at 30s ts_of_min_over_time(n[1m])
        {} 0
      eval instant at 30s ts_of_last_over_time(n[1m])
        {} 30
      eval instant at 30s ts_of_first_over_time(n[1m])
        {} 0
      eval instant at 30s present_over_time(n[1m])
        {} 1
      eval instant at 5m present_over_time(n[1m])
      eval instant at 30s absent_over_time(n[1m])
      eval instant at 5m absent_over_time(n{a="b", c=~"d"}[1m])
        {a="b"} 1
      eval range from 30s to 90s step 30s absent_over_time(n[1m])
        {} _ _ 1
      """)
  }

  @Test func regressionsAreLinesThroughTheWindow() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        line 0+60x10
        flat 7x10
        bend 0 0 60
      eval instant at 10m deriv(line[5m])
        {} 1
      # One per second: 600 now, 900 in five minutes.
      eval instant at 10m predict_linear(line[5m], 300)
        {} 900
      eval instant at 10m predict_linear(line[5m] offset 5m, 0)
        {} 600
      eval instant at 10m predict_linear(flat[5m], 300)
        {} 7
      eval instant at 10m deriv(flat[5m])
        {} 0
      # Least squares through (0,0) (60,0) (120,60): slope 0.5.
      eval instant at 2m deriv(bend[5m])
        {} 0.5
      eval instant at 2m predict_linear(bend[5m], 0)
        {} 50
      # Level 0.5, trend 0.5: 0 + 0.5*0 -> 0; then 0.5*60 + 0.5*(0 + 0) = 30.
      eval instant at 2m double_exponential_smoothing(bend[5m], 0.5, 0.5)
        {} 30
      eval fail at 2m double_exponential_smoothing(bend[5m], 0, 0.5)
        msg: invalid smoothing factor. Expected: 0 < sf < 1, got: 0.000000
      eval fail at 2m double_exponential_smoothing(bend[5m], 0.5, 1)
        msg: invalid trend factor. Expected: 0 < tf < 1, got: 1.000000
      """)
  }

  @Test func rangeFunctionsRefuseToMergeSeries() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        a_total{x="1"} 1 2 3
        b_total{x="1"} 1 2 3
      eval fail at 2m rate({x="1"}[5m])
        msg: vector cannot contain metrics with the same labelset
      eval fail at 2m abs({x="1"})
        msg: vector cannot contain metrics with the same labelset
      eval instant at 2m last_over_time({x="1"}[5m])
        a_total{x="1"} 3
        b_total{x="1"} 3
      """)
  }
}
