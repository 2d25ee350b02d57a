import Glibc
import TimeSeries

/// The lines of one family while a document is written.
///
/// Every series is rendered into one buffer and the ranges of it are sorted by their bytes; so equal series end up side
/// by side, whatever their labels are, and no label is compared twice.
struct FamilyLines {
  private struct Line {
    var series: Range<Int>
    var value: Double
    var timestamp: Int64?
    var role: SampleRole
    /// For buckets and quantiles: the bound, and the series without it.
    var boundary = 0.0
    var group: [UInt8] = []
  }

  private let format: ExpositionFormat
  private let escaping: NameEscaping
  private var buffer: [UInt8] = []
  private var lines: [Line] = []

  init(_ negotiation: ExpositionNegotiation) {
    format = negotiation.format
    escaping = negotiation.escaping
  }

  /// Takes in all samples of `plans`, which share one head, and gives how many had to be left out.
  mutating func collect(_ plans: [FamilyPlan]) -> Int {
    buffer.removeAll(keepingCapacity: true)
    lines.removeAll(keepingCapacity: true)
    var dropped = 0
    for plan in plans {
      for point in plan.family.samples where !append(point, of: plan) { dropped += 1 }
    }
    return dropped + sort()
  }

  /// Appends head and lines to `output`; nothing if no line is left.
  func write(_ plan: FamilyPlan, to output: inout [UInt8]) {
    if lines.isEmpty { return }
    writeHead(plan, to: &output)
    var createdHeadWritten = false
    for line in lines {
      if line.role == .created, format == .text, !createdHeadWritten {
        createdHeadWritten = true
        // Plain text knows no creation times: there they are a gauge of their own.
        if let created = plan.sampleNames.first(where: { $0.role == .created }) {
          writeHeadLine("TYPE", created.written, text: "gauge", to: &output)
        }
      }
      output.append(contentsOf: buffer[line.series])
      output.append(UInt8(ascii: " "))
      switch format {
      case .text: FloatText.append(line.value, to: &output)
      case .openMetrics: FloatText.appendOpenMetrics(line.value, to: &output)
      }
      if let timestamp = line.timestamp {
        output.append(UInt8(ascii: " "))
        switch format {
        case .text: FloatText.append(timestamp, to: &output)
        case .openMetrics: FloatText.appendSeconds(milliseconds: timestamp, to: &output)
        }
      }
      output.append(UInt8(ascii: "\n"))
    }
  }

  // MARK: - Series

  /// Renders one point into the buffer; false if it cannot be written.
  private mutating func append(_ point: MetricPoint, of plan: FamilyPlan) -> Bool {
    let family = plan.family
    let elements = point.labels.elements
    let nameIndex = elements.firstIndex { $0.name == Labels.metricNameLabel }
    let name = nameIndex.map { elements[$0].value }
    let written =
      name == nil ? plan.sampleNames.first : plan.sampleNames.first { $0.name == name }
    guard let written else { return false }
    var line = Line(series: 0..<0, value: point.value, timestamp: point.timestamp, role: written.role)
    let bound = boundaryLabel(family.type, written.role)
    if let bound {
      guard let text = point.labels[bound], let boundary = FloatText.parse(text), !boundary.isNaN else { return false }
      line.boundary = boundary
    }
    let start = buffer.count
    if !renderSeries(written, elements, nameIndex, bound: bound, boundary: line.boundary) {
      buffer.removeSubrange(start...)
      return false
    }
    line.series = start..<buffer.count
    if FamilyLines.hasGroups(family.type) {
      // Only equality and order of the group matter: the labels in their sorted order identify it.
      for label in elements where label.name != Labels.metricNameLabel && label.name != bound {
        line.group.append(contentsOf: label.name.utf8)
        line.group.append(0)
        line.group.append(contentsOf: label.value.utf8)
        line.group.append(0)
      }
    }
    lines.append(line)
    return true
  }

  private mutating func renderSeries(
    _ name: FamilyPlan.SampleName, _ elements: [Label], _ nameIndex: Int?, bound: String?, boundary: Double
  ) -> Bool {
    var hasBrace = name.isQuoted
    if name.isQuoted {
      buffer.append(UInt8(ascii: "{"))
      appendQuoted(name.written)
    } else {
      buffer.append(contentsOf: name.written.utf8)
    }
    var previous: String?
    var escaped: Set<String> = []
    for (index, label) in elements.enumerated() where index != nameIndex {
      buffer.append(hasBrace ? UInt8(ascii: ",") : UInt8(ascii: "{"))
      hasBrace = true
      if label.name == previous || label.name == Labels.metricNameLabel { return false }
      previous = label.name
      if Labels.isClassicLabelName(label.name) {
        buffer.append(contentsOf: label.name.utf8)
      } else {
        guard let written = escaping.labelName(label.name) else { return false }
        if Labels.isClassicLabelName(written) {
          // Escaping may make two names one.
          if !escaped.insert(written).inserted || elements.contains(where: { $0.name == written }) { return false }
          buffer.append(contentsOf: written.utf8)
        } else {
          appendQuoted(written)
        }
      }
      buffer.append(UInt8(ascii: "="))
      let isCanonical = format == .openMetrics && label.name == bound
      appendQuoted(isCanonical ? FloatText.canonicalBoundary(boundary) : label.value)
    }
    if hasBrace { buffer.append(UInt8(ascii: "}")) }
    return true
  }

  /// Whether lines belong together in groups: the buckets, sum and count of one histogram.
  private static func hasGroups(_ type: MetricType) -> Bool {
    type == .histogram || type == .gaugeHistogram || type == .summary
  }

  private func boundaryLabel(_ type: MetricType, _ role: SampleRole) -> String? {
    switch (type, role) {
    case (.histogram, .bucket), (.gaugeHistogram, .bucket): "le"
    case (.summary, .value): "quantile"
    default: nil
    }
  }

  private mutating func appendQuoted(_ text: String) {
    buffer.append(UInt8(ascii: "\""))
    FamilyLines.appendEscaped(text, quotes: true, to: &buffer)
    buffer.append(UInt8(ascii: "\""))
  }

  private static func appendEscaped(_ text: String, quotes: Bool, to output: inout [UInt8]) {
    var copy = text
    copy.withUTF8 { bytes in
      var plainStart = 0
      for index in 0..<bytes.count {
        let replacement: UInt8
        switch bytes[index] {
        case UInt8(ascii: "\\"): replacement = UInt8(ascii: "\\")
        case UInt8(ascii: "\n"): replacement = UInt8(ascii: "n")
        case UInt8(ascii: "\"") where quotes: replacement = UInt8(ascii: "\"")
        default: continue
        }
        output.append(contentsOf: bytes[plainStart..<index])
        output.append(UInt8(ascii: "\\"))
        output.append(replacement)
        plainStart = index + 1
      }
      output.append(contentsOf: bytes[plainStart...])
    }
  }

  // MARK: - Order

  /// Sorts the lines and removes all but the first of equal series; gives how many were removed.
  private mutating func sort() -> Int {
    if lines.count < 2 { return 0 }
    let collected = lines
    let isGrouped = collected.contains { $0.role != .value || !$0.group.isEmpty || $0.boundary != 0 }
    let order = buffer.withUnsafeBytes { bytes in
      isGrouped
        ? FamilyLines.order(collected) { FamilyLines.compare($0, $1, bytes) }
        : FamilyLines.order(collected.map(\.series)) { FamilyLines.compareBytes($0, $1, bytes) }
    }
    guard let order else { return 0 }
    lines = order.map { collected[$0] }
    return collected.count - lines.count
  }

  /// The indices of `items` in order, without those equal to an earlier one; nil if all are in order already.
  private static func order<Item>(_ items: [Item], by compare: (Item, Item) -> Int) -> [Int]? {
    if (1..<items.count).allSatisfy({ compare(items[$0 - 1], items[$0]) < 0 }) { return nil }
    // The first of equals must win, so that they must not change places.
    let sorted = items.indices.sorted { left, right in
      let order = compare(items[left], items[right])
      return order == 0 ? left < right : order < 0
    }
    var unique: [Int] = []
    unique.reserveCapacity(sorted.count)
    for index in sorted {
      if let last = unique.last, compare(items[last], items[index]) == 0 { continue }
      unique.append(index)
    }
    return unique
  }

  /// Negative, zero or positive as `left` belongs before, with or after `right`.
  private static func compare(_ left: Line, _ right: Line, _ bytes: UnsafeRawBufferPointer) -> Int {
    if left.role == .created || right.role == .created, left.role != right.role {
      return left.role == .created ? 1 : -1
    }
    if left.group != right.group { return left.group.lexicographicallyPrecedes(right.group) ? -1 : 1 }
    if left.role != right.role { return left.role.rawValue < right.role.rawValue ? -1 : 1 }
    if left.boundary != right.boundary { return left.boundary < right.boundary ? -1 : 1 }
    return compareBytes(left.series, right.series, bytes)
  }

  private static func compareBytes(_ left: Range<Int>, _ right: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    let common = min(left.count, right.count)
    let order = Int(memcmp(base + left.lowerBound, base + right.lowerBound, common))
    return order != 0 ? order : left.count - right.count
  }

  // MARK: - Head

  private func writeHead(_ plan: FamilyPlan, to output: inout [UInt8]) {
    guard let type = plan.typeWord else { return }
    let family = plan.family
    if !family.help.isEmpty { writeHeadLine("HELP", plan.headName, text: family.help, to: &output) }
    writeHeadLine("TYPE", plan.headName, text: type, to: &output)
    if format == .openMetrics, !family.unit.isEmpty, plan.headName.hasSuffix("_" + family.unit) {
      writeHeadLine("UNIT", plan.headName, text: family.unit, to: &output)
    }
  }

  private func writeHeadLine(_ keyword: String, _ written: String, text: String, to output: inout [UInt8]) {
    output.append(contentsOf: "# \(keyword) ".utf8)
    let isQuoted = !Labels.isClassicMetricName(written)
    if isQuoted { output.append(UInt8(ascii: "\"")) }
    FamilyLines.appendEscaped(written, quotes: true, to: &output)
    if isQuoted { output.append(UInt8(ascii: "\"")) }
    output.append(UInt8(ascii: " "))
    FamilyLines.appendEscaped(text, quotes: format == .openMetrics, to: &output)
    output.append(UInt8(ascii: "\n"))
  }
}
