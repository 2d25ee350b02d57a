import Testing

@testable import PromQL

@Suite struct SelectorTests {
  @Test func selectorsLookBackLessThanFiveMinutesAndStopAtStaleMarkers() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        up{job="a"} 1 2 stale _ _ 5
        up{job="b"} 7
      eval instant at 0 up
        up{job="a"} 1
        up{job="b"} 7
      # The marker ends the series at 2m until it comes back at 5m.
      eval instant at 2m up
        up{job="b"} 7
      eval instant at 4m59s up
        up{job="b"} 7
      # A sample that is exactly five minutes old is out.
      eval instant at 5m up
        up{job="a"} 5
      eval range from 0 to 5m step 1m up
        up{job="a"} 1 2 _ _ _ 5
        up{job="b"} 7 7 7 7 7
      eval instant at 1m {__name__="up", job!="b"}
        up{job="a"} 2
      eval instant at 1m {"up", job=~"a|c"}
        up{job="a"} 2
      eval instant at 1m up{job=~".+", nope=""}
        up{job="a"} 2
        up{job="b"} 7
      """)
  }

  @Test func offsetsAndPinnedTimesMoveTheWindow() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        n 0+1x60
      eval instant at 30m n offset 10m
        n 20
      eval instant at 30m n offset -10m
        n 40
      eval instant at 30m n @ 300
        n 5
      eval instant at 30m n @ 300 offset 1m
        n 4
      eval instant at 30m n offset 1m @ 300
        n 4
      eval range from 10m to 12m step 1m n @ start()
        n 10 10 10
      eval range from 10m to 12m step 1m n @ end() - n
        {} 2 1 0
      eval range from 10m to 12m step 1m sum_over_time(n[3m] @ end())
        {} 33 33 33
      eval instant at 30m n offset (2m * 3 - 60)
        n 25
      """)
  }

  @Test func rangesExcludeTheirLeftEdge() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 1m
        n 1+1x10
      eval instant at 5m count_over_time(n[5m])
        {} 5
      eval instant at 5m sum_over_time(n[2m])
        {} 11
      eval instant at 5m sum_over_time(n[119s])
        {} 11
      eval instant at 5m sum_over_time(n[121s])
        {} 15
      # Neither markers nor gaps count.
      clear
      load 1m
        n 1 _ stale 4 NaN
      eval instant at 4m count_over_time(n[10m])
        {} 3
      """)
  }

  @Test func subqueriesStepOnMultiplesOfTheirStep() throws {
    var runner = ScriptRunner()
    try runner.run(
      """
      load 10s
        n 0+1x360
      # At 1005 s, the multiples of 30 s in (945, 1005] are 960 and 990: n is 96 and 99.
      eval instant at 1005s sum_over_time(n[60s:30s])
        {} 195
      eval instant at 1005s count_over_time(n[1m:15s])
        {} 4
      # The default step is a minute: 960 s only.
      eval instant at 1005s sum_over_time(n[1m:])
        {} 96
      eval instant at 1005s sum_over_time(n[1m:30s] offset 30s)
        {} 189
      eval instant at 1005s sum_over_time(n[1m:30s] @ 600)
        {} 117
      # rate is 0.1 everywhere.
      eval instant at 1000s max_over_time(rate(n[1m])[5m:1m])
        {} 0.1
      # 960 and 990, then 990 and 1020, then 1020 and 1050.
      eval range from 1000s to 1060s step 30s sum_over_time(n[1m:30s])
        {} 195 201 207
      """)
  }
}
