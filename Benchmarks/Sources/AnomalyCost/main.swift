import AnomalyDetection
import Glibc

/// CPU time of this process in seconds.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// A daily wave with noise, a value a minute; the same at every run.
let count = 30_000
var state: UInt64 = 1
let values = (0..<count).map { index -> Double in
  state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
  return 100 + 30 * sin(2 * Double.pi * Double(index % 1440) / 1440) + 3 * Double(state >> 33) / 4_294_967_296
}

func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }

/// The detectors to measure; groups are left out where some are named.
let chosen = Array(CommandLine.arguments.dropFirst())

print(pad("detector", 20) + pad("us/point", 12) + "bytes of state")
for name in chosen.isEmpty ? SignalWatch.names : chosen {
  var watch = SignalWatch(detectors: [name], options: AnomalyOptions(step: 60_000))
  let used = name == "matrix_profile" || name == "dbscan" ? 5000 : count
  let start = cpuSeconds()
  for index in 0..<used { _ = watch.score(values[index], at: Int64(index) * 60_000) }
  let micro = (cpuSeconds() - start) / Double(used) * 1e6
  print(pad(name, 20) + pad("\((micro * 100).rounded() / 100)", 12) + "\(watch.saved().count)")
}
for width in chosen.isEmpty ? [11, 38] : [] {
  var group = GroupScorer(signals: (0..<width).map { "s\($0)" }, options: AnomalyOptions(step: 60_000))
  let used = 5000
  let start = cpuSeconds()
  for index in 0..<used {
    _ = group.score((0..<width).map { values[index + 7 * $0] }, at: Int64(index) * 60_000)
  }
  let micro = (cpuSeconds() - start) / Double(used * width) * 1e6
  print(
    pad("group of \(width)", 20) + pad("\((micro * 100).rounded() / 100)", 12)
      + "\(group.saved().count / width) a signal")
}
