import TimeSeries

/// A whole exposition in memory: its families, and the lines that could not be read.
///
/// For checks, tests and replays. A scrape loop uses ``ExpositionScanner`` and keeps nothing.
public struct ExpositionDocument: Sendable {
  /// The families in order of appearance, with their samples.
  public private(set) var families: [MetricFamily] = []
  /// The malformed lines, in order.
  public private(set) var malformed: [MalformedLine] = []
  /// How many samples there are.
  public private(set) var sampleCount = 0

  private var familyIndex: [String: Int] = [:]

  /// Parses `bytes`. Malformed lines are skipped and listed.
  public init(parsing bytes: UnsafeRawBufferPointer, format: ExpositionFormat) {
    var scanner = ExpositionScanner(bytes, format: format)
    while let event = scanner.next() {
      switch event {
      case .sample(let sample):
        do throws(MalformedLine) {
          add(try scanner.labels(of: sample), sample)
        } catch {
          malformed.append(error)
        }
      case .type(let name, let type): families[index(of: name.string)].type = type
      case .help(let name, let text): families[index(of: name.string)].help = text.string
      case .unit(let name, let text): families[index(of: name.string)].unit = text.string
      case .malformed(let line): malformed.append(line)
      }
    }
  }

  /// Parses `bytes`. Malformed lines are skipped and listed.
  public init(parsing bytes: [UInt8], format: ExpositionFormat) {
    self = bytes.withUnsafeBytes { ExpositionDocument(parsing: $0, format: format) }
  }

  /// The family of this name, if there is one.
  public subscript(name: String) -> MetricFamily? {
    familyIndex[name].map { families[$0] }
  }

  private mutating func index(of name: String) -> Int {
    if let known = familyIndex[name] { return known }
    familyIndex[name] = families.count
    families.append(MetricFamily(name: name, type: .unknown))
    return families.count - 1
  }

  private mutating func add(_ labels: Labels, _ sample: ScannedSample) {
    let point = MetricPoint(labels: labels, value: sample.value, timestamp: sample.timestamp)
    families[index(ofFamilyWith: labels.metricName)].samples.append(point)
    sampleCount += 1
  }

  /// The family that a sample of this name belongs to: one of that name, or one whose type has such samples.
  private mutating func index(ofFamilyWith name: String) -> Int {
    if let known = familyIndex[name] { return known }
    for (suffix, types) in ExpositionDocument.suffixes where name.hasSuffix(suffix) {
      if let known = familyIndex[String(name.dropLast(suffix.count))], types.contains(families[known].type) {
        return known
      }
    }
    return index(of: name)
  }

  private static let suffixes: [(String, Set<MetricType>)] = [
    ("_total", [.counter]),
    ("_info", [.info]),
    ("_bucket", [.histogram, .gaugeHistogram]),
    ("_sum", [.histogram, .summary]),
    ("_count", [.histogram, .summary]),
    ("_gsum", [.gaugeHistogram]),
    ("_gcount", [.gaugeHistogram]),
    ("_created", [.counter, .histogram, .summary]),
  ]
}
