import Forecasting
import Foundation
import TimeSeries

// How far demand forecasts are off, beside the same time a day and a week before: on simulated hourly traffic with German
// holidays, and on the hourly series of a folder (files with lines of `timestamp_ms,value`).

/// A generator with a fixed beginning: every run sees the same traffic.
struct Noise {
  var state: UInt64

  mutating func uniform() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) / Double(1 << 53)
  }

  /// Nearly normal: the sum of twelve uniform numbers.
  mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + uniform() } }
}

/// Sixteen months of an office's traffic: a hump by day, a rebound after holidays, growth, noise that lasts.
func traffic(seed: UInt64, calendar: BusinessCalendar, start: Int64, hours: Int) -> [Double] {
  var noise = Noise(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
  var sticky = 0.0
  return (0..<hours).map { index in
    let moment = calendar.moment(at: start + Int64(index) * 3_600_000)
    let ofDay = Double(moment.millisecond) / 3_600_000
    let hump = exp(-pow((ofDay - 13) / 4.5, 2))
    sticky = 0.9 * sticky + 0.05 * noise.normal()
    let usual = (200 + (moment.isWorkingDay ? 1000 : 350) * hump) * (moment.isAfterHoliday ? 1.15 : 1)
    return max(0, usual * (1 + 0.3 * Double(index) / 8760) * (1 + sticky) + 15 * noise.normal())
  }
}

struct Tally {
  var own = 0.0
  var daily = 0.0
  var weekly = 0.0
  var covered95 = 0.0
  var covered80 = 0.0
  var count = 0.0
}

/// Forecasts a week from every 31st hour and compares.
func judge(_ name: String, _ values: [Double], calendar: BusinessCalendar, start: Int64, warm: Int) throws {
  var model = DemandForecaster(calendar: calendar)
  model.fit(ForecastSeries(values: Array(values[..<warm]), step: 3_600_000, start: start))
  var tallies: [String: Tally] = [:]
  var position = warm
  while position + 168 <= values.count {
    let forecast = try model.forecast(horizons: Array(1...168), quantiles: [0.025, 0.1, 0.5, 0.9, 0.975])
    for horizon in 1...168 {
      let target = position + horizon - 1
      let truth = values[target]
      let daily = values[target - ((horizon - 1) / 24 + 1) * 24]
      let weekly = values[target - 168]
      guard truth.isFinite, daily.isFinite, weekly.isFinite else { continue }
      var groups = [horizon <= 24 ? "1 day" : "2 to 7 days"]
      if calendar.moment(at: start + Int64(target) * 3_600_000).holiday != nil { groups.append("holidays") }
      let band = (0..<5).map { forecast.value(horizonAt: horizon - 1, quantileAt: $0) }
      for group in groups {
        tallies[group, default: Tally()].own += abs(truth - band[2])
        tallies[group, default: Tally()].daily += abs(truth - daily)
        tallies[group, default: Tally()].weekly += abs(truth - weekly)
        tallies[group, default: Tally()].covered95 += band[0] <= truth && truth <= band[4] ? 1 : 0
        tallies[group, default: Tally()].covered80 += band[1] <= truth && truth <= band[3] ? 1 : 0
        tallies[group, default: Tally()].count += 1
      }
    }
    let next = min(values.count, position + 31)
    for value in values[position..<next] { model.update(value) }
    position = next
  }
  for (group, tally) in tallies.sorted(by: { $0.key < $1.key }) {
    let cells = [
      tally.own / tally.daily, tally.own / tally.weekly, 100 * tally.covered95 / tally.count,
      100 * tally.covered80 / tally.count,
    ].enumerated().map { String(format: $0 < 2 ? "%.2f" : "%.1f", $1) }
    print("| \(name) | \(group) | \(cells.joined(separator: " | ")) |")
  }
}

print("| series | horizon | error, 1 = a day before | error, 1 = a week before | 95% covers | 80% covers |")
print("| --- | --- | ---: | ---: | ---: | ---: |")
let start = RFC3339.parse("2025-01-06T00:00:00Z") ?? 0
let german = BusinessCalendar(
  clock: ForecastCalendar(offset: 3_600_000), holidays: PublicHolidays(country: "DE"))
for seed in 1...3 {
  let values = traffic(seed: UInt64(seed), calendar: german, start: start, hours: 24 * 480)
  try judge("simulated, \(seed)", values, calendar: german, start: start, warm: 24 * 35)
}
for folder in CommandLine.arguments.dropFirst() {
  for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() where file.hasSuffix(".csv") {
    var timestamps: [Int64] = []
    var values: [Double] = []
    for line in try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8).split(whereSeparator: \.isNewline) {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count >= 2, let time = Int64(cells[0]) else { continue }
      timestamps.append(time)
      values.append(Double(cells[1]) ?? .nan)
    }
    guard let first = timestamps.first, let last = timestamps.last else { continue }
    // Finer series are looked at once an hour.
    let series = SignalHistory.regularise(
      timestamps: timestamps, values: values, step: 3_600_000, from: first, through: last)
    guard series.values.count > 24 * 35 else { continue }
    try judge(
      String(file.dropLast(4)), series.values, calendar: BusinessCalendar(), start: series.start, warm: 24 * 21)
  }
}
