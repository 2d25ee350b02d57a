import Testing

@testable import PromQL

@Suite struct OperatorTests {
  static let data = """
    load 5m
      cpu{host="a", mode="user"} 10
      cpu{host="a", mode="idle"} 90
      cpu{host="b", mode="user"} 30
      cpu{host="b", mode="idle"} 60
      cores{host="a", team="x"} 2
      cores{host="b", team="y"} 3
      limit 50

    """

  @Test func arithmeticWithNumbersDropsTheName() throws {
    var runner = ScriptRunner()
    try runner.run(
      OperatorTests.data + """
        eval instant at 0 limit * 2
          {} 100
        eval instant at 0 2 - limit
          {} -48
        eval instant at 0 limit % 7
          {} 1
        eval instant at 0 limit ^ 2
          {} 2500
        eval instant at 0 -limit
          {} -50
        eval instant at 0 +limit
          limit 50
        eval instant at 0 limit / 0
          {} Inf
        eval instant at 0 1 + 2 * 3 ^ 2 ^ 0 - 4 / 2 % 3
          5
        eval instant at 0 -2 ^ 2
          -4
        eval instant at 0 2 ^ -1
          0.5
        eval instant at 0 1 atan2 1
          0.7853981633974483
        eval instant at 0 5m + 1
          301
        """)
  }

  @Test func comparisonsFilterOrTellTruth() throws {
    var runner = ScriptRunner()
    try runner.run(
      OperatorTests.data + """
        eval instant at 0 cpu > 50
          cpu{host="a", mode="idle"} 90
          cpu{host="b", mode="idle"} 60
        eval instant at 0 50 < cpu
          cpu{host="a", mode="idle"} 90
          cpu{host="b", mode="idle"} 60
        eval instant at 0 cpu{mode="user"} > bool 20
          {host="a", mode="user"} 0
          {host="b", mode="user"} 1
        eval instant at 0 1 >= bool 2
          0
        eval instant at 0 NaN == bool NaN
          0
        eval instant at 0 cores >= on(host) cores
          {host="a"} 2
          {host="b"} 3
        eval instant at 0 cores == cores
          cores{host="a", team="x"} 2
          cores{host="b", team="y"} 3
        """)
  }

  @Test func vectorsMatchByLabels() throws {
    var runner = ScriptRunner()
    try runner.run(
      OperatorTests.data + """
        eval instant at 0 cpu / on(host) group_left cores
          {host="a", mode="user"} 5
          {host="a", mode="idle"} 45
          {host="b", mode="user"} 10
          {host="b", mode="idle"} 20
        eval instant at 0 cpu{mode="user"} * on(host) group_left(team) cores
          {host="a", mode="user", team="x"} 20
          {host="b", mode="user", team="y"} 90
        eval instant at 0 cores - on(host) group_right cpu{mode="user"}
          {host="a", mode="user"} -8
          {host="b", mode="user"} -27
        eval instant at 0 cpu{mode="user"} + ignoring(mode) cpu{mode="idle"}
          {host="a"} 100
          {host="b"} 90
        eval fail at 0 cpu * on(host) cores
          msg: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)
        eval fail at 0 cores * on(host) cpu
          msg: found duplicate series for the match group {host="a"} on the right hand-side of the operation
        eval fail at 0 cpu * on() group_left cores
          msg: many-to-many matching not allowed: matching labels must be unique on one side
        eval fail at 0 label_replace(cpu, "mode", "same", "mode", ".*") + on(host) group_left cores
          msg: vector cannot contain metrics with the same labelset
        eval fail at 0 cpu * on(host) group_left(mode) cores
          msg: multiple matches for labels: grouping labels must ensure unique matches
        """)
  }

  @Test func matchesMayChangeFromStepToStep() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        left{id="x"} 1 1 1
        right{id="x", pod="1"} 10 stale
        right{id="x", pod="2"} _ _ 30
      # Never both at once, so the two rows of the right match one after the other.
      eval range from 0 to 2m step 1m left + on(id) right
        {id="x"} 11 _ 31
      eval range from 0 to 2m step 1m right - on(id) group_left left
        {id="x", pod="1"} 9
        {id="x", pod="2"} _ _ 29
      clear
      load 1m
        left{id="x"} 1 1
        right{id="x", pod="1"} 10 10
        right{id="x", pod="2"} _ 30
      eval range from 0 to 0 step 1m left + on(id) right
        {id="x"} 11
      eval fail at 1m left + on(id) right
        msg: [right{id="x", pod="2"}, right{id="x", pod="1"}]
      """)
  }

  @Test func setOperatorsWorkOnSignatures() throws {
    var runner = ScriptRunner()
    try runner.run(
      OperatorTests.data + """
        eval instant at 0 cpu and on(host) cores{team="x"}
          cpu{host="a", mode="user"} 10
          cpu{host="a", mode="idle"} 90
        eval instant at 0 cpu unless on(host) cores{team="x"}
          cpu{host="b", mode="user"} 30
          cpu{host="b", mode="idle"} 60
        eval instant at 0 cores or ignoring(mode, team) cpu{mode="user"}
          cores{host="a", team="x"} 2
          cores{host="b", team="y"} 3
        eval instant at 0 cores{host="a"} or cpu{host="b"}
          cores{host="a", team="x"} 2
          cpu{host="b", mode="user"} 30
          cpu{host="b", mode="idle"} 60
        eval instant at 0 cores and missing
        eval instant at 0 missing or vector(1)
          {} 1
        eval instant at 0 vector(1) unless missing
          {} 1
        clear
        load 1m
          a 1 _ 3
          b 10 20 30
        eval range from 0 to 2m step 1m a{} or b
          a 1 1 3
        eval range from 0 to 2m step 1m (a > 2) or on() b
          a _ _ 3
          b 10 20
        """)
  }

  @Test func fillsStandInForMissingMatches() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        a{id="1"} 1
        a{id="2"} 2
        b{id="2"} 20
        b{id="3"} 30
      eval instant at 0 a + fill(0) b
        {id="1"} 1
        {id="2"} 22
        {id="3"} 30
      eval instant at 0 a + fill_right(5) b
        {id="1"} 6
        {id="2"} 22
      eval instant at 0 a - on(id) fill_left(100) b
        {id="2"} -18
        {id="3"} 70
      eval instant at 0 a + fill_left(1) fill_right(2) b
        {id="1"} 3
        {id="2"} 22
        {id="3"} 31
      """)
  }
}
