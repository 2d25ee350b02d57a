import Forecasting
import TimeSeries

/// One series with forecasts over it, as SVG: the bands of 95% and 80%, the median, and what came true.
struct ForecastDrawing {
  private static let width = 1000.0
  private static let height = 260.0

  let series: ForecastSeries
  let curves: [ForecastDistribution]
  private let first: Int64
  private let last: Int64
  private let low: Double
  private let high: Double

  /// - Parameter curves: at the levels of ``ForecastTally/quantiles``, not overlapping.
  init(series: ForecastSeries, curves: [ForecastDistribution]) {
    self.series = series
    self.curves = curves
    let end = max(series.end, curves.last.map { $0.time(horizonAt: $0.horizons.count - 1) } ?? series.end)
    // What lies long before the first forecast only makes the rest small.
    let start = curves.first.map { max(series.start, $0.origin - (end - $0.origin) / 3) } ?? series.start
    (first, last) = (start, end)
    let values = Self.values(of: series, from: start)
    let medians = curves.flatMap { $0.curve(quantile: 0.5) ?? [] }
    let edges = curves.flatMap { ($0.curve(quantile: 0.1) ?? []) + ($0.curve(quantile: 0.9) ?? []) }
    let all = (values + medians + edges).filter(\.isFinite)
    let (least, greatest) = (all.min() ?? 0, all.max() ?? 1)
    let margin = greatest > least ? (greatest - least) * 0.08 : max(least.magnitude * 0.1, 0.5)
    low = least - margin
    high = greatest + margin
  }

  private static func values(of series: ForecastSeries, from first: Int64) -> [Double] {
    let skipped = max(0, min(series.values.count, Int((first - series.start) / series.step)))
    return Array(series.values[skipped...])
  }

  private func x(_ time: Int64) -> Double {
    last > first ? Double(time - first) / Double(last - first) * Self.width : 0
  }

  private func y(_ value: Double) -> Double {
    Self.height * (1 - (min(max(value, low), high) - low) / (high - low))
  }

  private func point(_ time: Int64, _ value: Double) -> String {
    "\(ReportText.decimals(x(time), 1)),\(ReportText.decimals(y(value), 1)) "
  }

  /// - Parameter label: what a screen reader calls the picture.
  func svg(label: String) -> String {
    guard last > first, series.values.contains(where: \.isFinite) else { return "<p>Too few values for a picture.</p>" }
    var text = "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" "
    text += "aria-label=\"forecasts by \(ReportText.escaped(label)) and what came true\">"
    for curve in curves {
      text += band(curve, 0.025, 0.975, "b95") + band(curve, 0.1, 0.9, "b80")
      let place = ReportText.decimals(x(curve.origin), 1)
      text += "<line class=\"origin\" x1=\"\(place)\" x2=\"\(place)\" y1=\"0\" y2=\"\(Int(Self.height))\"/>"
    }
    for curve in curves {
      var points = ""
      let medians = curve.curve(quantile: 0.5) ?? []
      for row in drawnRows(curve) where row < medians.count {
        points += point(curve.time(horizonAt: row), medians[row])
      }
      text += "<polyline class=\"median\" points=\"\(points)\"/>"
    }
    text += truth() + "</svg>"
    let (from, to) = (RFC3339.format(first), RFC3339.format(last))
    return text + "<small>\(from) to \(to), \(ReportText.decimals(low, 2)) to \(ReportText.decimals(high, 2))</small>"
  }

  /// The rows of a curve that are drawn: one for two pixels.
  private func drawnRows(_ curve: ForecastDistribution) -> [Int] {
    guard let last = curve.horizons.indices.last else { return [] }
    let pixels = x(curve.time(horizonAt: last)) - x(curve.origin)
    let spacing = max(1, curve.horizons.count / max(24, Int(pixels / 2)))
    return curve.horizons.indices.filter { $0 % spacing == 0 || $0 == last }
  }

  private func band(_ curve: ForecastDistribution, _ lower: Double, _ upper: Double, _ name: String) -> String {
    guard let under = curve.curve(quantile: lower), let over = curve.curve(quantile: upper) else { return "" }
    let rows = drawnRows(curve)
    let top = rows.map { point(curve.time(horizonAt: $0), over[$0]) }.joined()
    let bottom = rows.reversed().map { point(curve.time(horizonAt: $0), under[$0]) }.joined()
    return "<polygon class=\"\(name)\" points=\"\(top)\(bottom)\"/>"
  }

  /// The values as lines, broken where one is missing. Of each two columns of pixels the least and the greatest are drawn:
  /// no peak is lost, no page is too large.
  private func truth() -> String {
    var text = ""
    var points = ""
    var column = -1.0
    var extremes: (least: Double, greatest: Double)?
    func flush(_ points: inout String) {
      guard let found = extremes else { return }
      let place = ReportText.decimals(column, 1)
      points += "\(place),\(ReportText.decimals(y(found.least), 1)) "
      if found.greatest > found.least { points += "\(place),\(ReportText.decimals(y(found.greatest), 1)) " }
      extremes = nil
    }
    func end(_ points: inout String) {
      flush(&points)
      if !points.isEmpty { text += "<polyline class=\"truth\" points=\"\(points)\"/>" }
      points = ""
    }
    for (index, value) in series.values.enumerated() {
      let time = series.start + Int64(index) * series.step
      guard time >= first else { continue }
      guard value.isFinite else {
        end(&points)
        continue
      }
      let place = (x(time) / 2).rounded(.down) * 2
      if place != column {
        flush(&points)
        column = place
      }
      let known = extremes ?? (value, value)
      extremes = (min(known.least, value), max(known.greatest, value))
    }
    end(&points)
    return text
  }
}
