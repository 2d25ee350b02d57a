import Testing

@testable import PromQL

@Suite struct AggregationTests {
  static let data = """
    load 1m
      q{job="a", id="1"} 1
      q{job="a", id="2"} 5
      q{job="a", id="3"} 3
      q{job="b", id="4"} 10
      q{job="b", id="5"} NaN

    """

  @Test func groupsKeepOrLeaveOutLabels() throws {
    var runner = ScriptRunner()
    try runner.run(
      AggregationTests.data + """
        eval instant at 0 sum by (job) (q{id!="5"})
          {job="a"} 9
          {job="b"} 10
        eval instant at 0 sum without (id) (q)
          {job="a"} 9
          {job="b"} NaN
        eval instant at 0 count(q) by (job, nope)
          {job="a"} 3
          {job="b"} 2
        eval instant at 0 sum by (__name__) (q{job="a"})
          q 9
        eval instant at 0 avg by () (q{job="a"})
          {} 3
        eval instant at 0 group without (job, id) (q)
          {} 1
        eval instant at 0 stdvar(q{job="a"})
          {} 2.6666666666666665
        eval instant at 0 stddev(q{job="a"})
          {} 1.632993161855452
        # NaN loses against every number.
        eval instant at 0 max by (job) (q)
          {job="a"} 5
          {job="b"} 10
        eval instant at 0 min by (job) (q)
          {job="a"} 1
          {job="b"} 10
        eval instant at 0 sum(missing)
        """)
  }

  @Test func rankingsKeepSeriesAndOrder() throws {
    var runner = ScriptRunner()
    try runner.run(
      AggregationTests.data + """
        eval instant at 0 topk(2, q)
          expect ordered
          q{job="b", id="4"} 10
          q{job="a", id="2"} 5
        eval instant at 0 bottomk by (job) (2, q)
          expect ordered
          q{job="a", id="1"} 1
          q{job="a", id="3"} 3
          q{job="b", id="4"} 10
          q{job="b", id="5"} NaN
        eval instant at 0 topk(0, q)
        eval fail at 0 topk(NaN, q)
          msg: Scalar value NaN overflows int64
        eval fail at 0 topk(1e300, q)
          msg: Scalar value 1e+300 overflows int64
        eval instant at 0 topk(scalar(count(q)), q{job="a"})
          expect ordered
          q{job="a", id="2"} 5
          q{job="a", id="3"} 3
          q{job="a", id="1"} 1
        eval instant at 0 count(limitk(3, q))
          {} 3
        eval instant at 0 count(limitk by (job) (1, q))
          {} 2
        eval instant at 0 count(limit_ratio(0.4, q) or limit_ratio(-0.6, q))
          {} 5
        eval instant at 0 count(limit_ratio(0.4, q) and limit_ratio(-0.6, q))
        eval instant at 0 count(limit_ratio(2, q))
          expect warn ratio value should be between -1 and 1, got 2, capping to 1 (1:19)
          {} 5
        eval fail at 0 limit_ratio(NaN, q)
          msg: Ratio value NaN is NaN
        """)
  }

  @Test func rankingsInRangesDecideAtEachStep() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        x{a="1"} 1 5 1
        x{a="2"} 3 3 3
      eval range from 0 to 2m step 1m topk(1, x)
        x{a="1"} _ 5
        x{a="2"} 3 _ 3
      eval range from 0 to 2m step 1m quantile(0.5, x)
        {} 2 4 2
      """)
  }

  @Test func countValuesMakesALabelOfEachValue() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        v{i="1"} 1 2
        v{i="2"} 1 1
        v{i="3"} 0.000001 1
      eval instant at 0 count_values("value", v)
        {value="1"} 2
        {value="0.000001"} 1
      eval range from 0 to 1m step 1m count_values("value", v)
        {value="1"} 2 2
        {value="2"} _ 1
        {value="0.000001"} 1
      eval instant at 0 count_values without (i) ("i", v{i!="3"})
        {} 2
      eval fail at 0 count_values("", v)
        msg: invalid label name ""
      """)
  }

  @Test func quantilesInterpolate() throws {
    var runner = ScriptRunner()
    try runner.run(
      AggregationTests.data + """
        # Sorted 1 3 5: rank 0.25 * 2 is half way between 1 and 3.
        eval instant at 0 quantile(0.25, q{job="a"})
          expect no_warn
          {} 2
        eval instant at 0 quantile(1.5, q{job="a"})
          expect warn PromQL warning: quantile value should be between 0 and 1, got 1.5 (1:10)
          {} Inf
        eval instant at 0 quantile(-1, q{job="a"})
          expect warn got -1
          {} -Inf
        eval instant at 0 quantile(NaN, q{job="a"})
          expect warn got NaN
          {} NaN
        """)
  }

  @Test func sumsAndMeansAreCompensated() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        s{i="1"} 5e307
        s{i="2"} 1e308
        s{i="3"} 1.5e308
        k{i="1"} 1e100
        k{i="2"} 1
        k{i="3"} -1e100
      # The plain sum overflows; the mean must not.
      eval instant at 0 avg(s)
        {} 1e308
      eval instant at 0 sum(k)
        {} 1
      eval instant at 0 sum_over_time(k{i="2"}[1m])
        {i="2"} 1
      """)
  }
}
