import Forecasting
import Glibc

// What forecasts by `auto` cost: CPU time, and bytes of state and of memory.

/// The CPU seconds of this process so far.
func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return 0 }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// A queue's depth: a day's wave, a weekly one, noise and bursts; the same for the same seed.
func queue(_ count: Int, step: Int64, seed: UInt64) -> [Double] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  func uniform() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) / Double(1 << 53)
  }
  let day = 86_400_000 / Double(step)
  var burst = 0.0
  return (0..<count).map { index in
    burst = burst * 0.9 + (uniform() < 0.005 ? 500 * uniform() : 0)
    let wave = 1 + 0.5 * sin(2 * .pi * Double(index) / day) + 0.2 * sin(2 * .pi * Double(index) / (7 * day))
    return (100 * wave + 20 * (uniform() + uniform() - 1) + burst).rounded()
  }
}

func print(_ name: String, _ value: Double, _ unit: String, target: String) {
  let digits = value < 10 ? (value * 100).rounded() / 100 : value.rounded()
  print("\(name): \(digits) \(unit) (target: \(target))")
}

let start: Int64 = 1_700_006_400_000
let quantiles = [0.025, 0.1, 0.5, 0.9, 0.975]

for (name, step, horizon) in [("5m", Int64(300_000), 288), ("1m", Int64(60_000), 1440)] {
  let histories = (0..<40).map {
    ForecastSeries(values: queue(4032, step: step, seed: UInt64($0 + 1)), step: step, start: start)
  }
  var models = histories.map { _ in AutoForecaster() }
  var begun = cpuSeconds()
  for index in models.indices {
    models[index].fit(histories[index])
    _ = try models[index].forecast(horizons: Array(1...horizon), quantiles: quantiles)
  }
  print(
    "fit of 4,032 points and curve of 24 h, step \(name)", (cpuSeconds() - begun) / Double(models.count) * 1000, "ms",
    target: "5")
  let more = queue(2000, step: step, seed: 99)
  begun = cpuSeconds()
  for value in more { for index in 0..<10 { models[index].update(value) } }
  print("update by one point, step \(name)", (cpuSeconds() - begun) / Double(10 * more.count) * 1e6, "µs", target: "50")
  print("state kept, step \(name)", Double(models[0].record.bytes.count), "bytes", target: "4096")
}

let signals = 1000
let before = residentBytes()
var live: [AutoForecaster] = []
live.reserveCapacity(signals)
for index in 0..<signals {
  var model = AutoForecaster()
  model.fit(ForecastSeries(values: queue(4032, step: 60_000, seed: UInt64(index + 7)), step: 60_000, start: start))
  live.append(model)
}
print(
  "memory of a live signal, step 1m, full history", Double(residentBytes() - before) / Double(signals) / 1024, "KiB",
  target: "-")

// As a rule does: the horizons of the shipped rules and 120 points of the curve, three quantiles.
var horizons = [15, 60, 360, 1440]
for index in 1...120 { horizons.append(max(1, index * index * 1440 / 14_400)) }
horizons = Array(Set(horizons)).sorted()
let rounds = 5
let values = queue(rounds, step: 60_000, seed: 5)
let begun = cpuSeconds()
for value in values {
  for index in live.indices {
    live[index].update(value)
    _ = try live[index].forecast(horizons: horizons, quantiles: [0.025, 0.5, 0.975])
  }
}
let perSignal = (cpuSeconds() - begun) / Double(rounds * signals)
print(
  "10,000 signals refreshed every minute, horizons and curve", perSignal * 10_000 / 60 * 100, "% of a core",
  target: "20")
