import Testing

@testable import PromQL

@Suite struct NameRemovalTests {
  static let data = """
    load 1m
      a_total{x="1"} 0+60x5
      b_total{x="2"} 0+120x5

    """

  @Test func namesGoAtOnceByDefault() throws {
    var runner = ScriptRunner()
    try runner.run(
      NameRemovalTests.data + """
        eval instant at 5m sum by (__name__) (rate({x=~".+"}[5m]))
          {} 3
        eval instant at 5m label_replace(rate(a_total[5m]), "name", "$1", "__name__", "(.*)")
          {x="1"} 1
        """)
  }

  @Test func namesGoAtTheEndIfDelayed() throws {
    var runner = ScriptRunner(delayedNameRemoval: true)
    try runner.run(
      NameRemovalTests.data + """
        eval instant at 5m rate(a_total[5m])
          {x="1"} 1
        eval instant at 5m label_replace(rate(a_total[5m]), "name", "$1", "__name__", "(.*)")
          {x="1", name="a_total"} 1
        eval instant at 5m label_replace(rate(a_total[5m]), "__name__", "rate_of_$1", "__name__", "(.*)")
          rate_of_a_total{x="1"} 1
        eval instant at 5m count(sum by (__name__) (rate({x=~".+"}[5m])))
          {} 2
        """)
  }

  @Test func typeAndUnitGoWithTheName() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        b{__type__="gauge", __unit__="bytes", x="1"} 3
      eval instant at 0 b
        b{__type__="gauge", __unit__="bytes", x="1"} 3
      eval instant at 0 b * 2
        {x="1"} 6
      eval instant at 0 b + b
        {x="1"} 6
      """)
  }
}
