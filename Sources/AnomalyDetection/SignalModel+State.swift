extension SignalModel {
  func save(to writer: inout StateWriter) {
    for number in [centre, unit, seen, smooth, settling, recentLogRate, low, high] { writer.write(number) }
    filter.save(to: &writer)
    for average in [noise, spread, longSpread, dailyError, weeklyError] { average.save(to: &writer) }
    restlessness.save(to: &writer)
    unrest.save(to: &writer)
    drift.save(to: &writer)
    steps.save(to: &writer)
    stepShare.save(to: &writer)
    seasonShare.save(to: &writer)
    writer.write(isNeverNegative)
    records.save(to: &writer)
    smoothRecords.save(to: &writer)
    level.save(to: &writer)
    daily.save(to: &writer)
    weekly.save(to: &writer)
    spikes.save(to: &writer)
    runs.save(to: &writer)
    for tail in tails { tail.save(to: &writer) }
  }

  init(from reader: inout StateReader, options: AnomalyOptions) throws(AnomalyStateError) {
    let centre = try reader.readFinite("centre")
    let unit = try reader.readFinite("unit", atLeast: .leastNormalMagnitude)
    self.init(centre: centre, unit: unit, options: options)
    seen = try reader.readFinite("seen", atLeast: 0)
    smooth = try reader.readFinite("smoothed value")
    settling = try reader.readFinite("settling", atLeast: 0)
    recentLogRate = try reader.readFinite("recent rarity")
    low = try reader.readDouble()
    high = try reader.readDouble()
    try filter.restore(from: &reader)
    try noise.restore(from: &reader)
    try spread.restore(from: &reader)
    try longSpread.restore(from: &reader)
    try dailyError.restore(from: &reader)
    try weeklyError.restore(from: &reader)
    try restlessness.restore(from: &reader)
    try unrest.restore(from: &reader)
    try drift.restore(from: &reader)
    try steps.restore(from: &reader)
    try stepShare.restore(from: &reader)
    try seasonShare.restore(from: &reader)
    isNeverNegative = try reader.readBool("never negative")
    try records.restore(from: &reader)
    try smoothRecords.restore(from: &reader)
    try level.restore(from: &reader)
    try daily.restore(from: &reader)
    try weekly.restore(from: &reader)
    try spikes.restore(from: &reader)
    try runs.restore(from: &reader)
    for index in tails.indices { try tails[index].restore(from: &reader) }
  }
}
