/// Detectors that are fitted anew from time to time: isolation forest, one-class SVM, DBSCAN.
///
/// A row is the last four values in standard deviations of the stretch that was fitted. The model is fitted to the last
/// 512 values every 256; between, it only judges. The decision line of the forest and the SVM is the 99% quantile of
/// the scores of what they were fitted to, for their own lines (contamination 0.1, ν 0.1) are crossed by every tenth
/// healthy value; that of DBSCAN is its radius, in which 99% of what it was fitted to have their neighbours, 0.5 at least.
struct RefittedDetector: StreamDetector {
  enum Method: Sendable {
    case isolationForest, oneClassSVM, dbscan
  }

  private enum Model: Sendable {
    case forest(IsolationForest)
    case machine(OneClassSVM)
    case clusters(DensityClusters)

    /// What grows with the oddness of a row.
    func oddness(_ row: [Double]) -> Double {
      switch self {
      case .forest(let forest): forest.score(row)
      case .machine(let machine): -machine.decision(row)
      case .clusters(let clusters): clusters.distance(row)
      }
    }
  }

  private static let width = 4
  private static let training = 512
  private static let pause = 256
  /// The share of what is fitted that may lie beyond the line.
  private static let noise = 0.01
  private let method: Method
  private var values = ValueWindow(capacity: RefittedDetector.training + RefittedDetector.pause)
  /// How many values came since the model was fitted; −1 before.
  private var age = -1
  private var model: Model?
  private var mean = 0.0
  private var deviation = 1.0
  /// Where ordinary oddness lies, and the decision line.
  private var usual = 0.0
  private var line = 1.0
  private var row = [Double](repeating: 0, count: RefittedDetector.width)

  init(_ method: Method) { self.method = method }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    values.add(value)
    if age >= 0 { age += 1 }
    var reading = AnomalyDetector.Reading()
    if let model {
      let start = values.count - Self.width
      for offset in 0..<Self.width { row[offset] = standard(values[start + offset]) }
      let oddness = model.oddness(row)
      let score = line > usual ? (oddness - usual) / (line - usual) : oddness > line ? 10 : 0
      reading = AnomalyDetector.Reading(
        score: score, direction: score >= 1 ? (value > mean ? .above : .below) : nil)
    }
    if age >= Self.pause || (age < 0 && values.count >= Self.training) { fit(endingBefore: 0) }
    return reading
  }

  private func standard(_ value: Double) -> Double { min(max((value - mean) / deviation, -1e6), 1e6) }

  /// Fits to the values that were newest `back` values ago.
  private mutating func fit(endingBefore back: Int) {
    let end = values.count - back
    let start = max(0, end - Self.training)
    guard end - start > Self.width else { return }
    age = back
    var average = ExponentialAverage(span: .greatestFiniteMagnitude)
    for index in start..<end { average.add(values[index]) }
    mean = average.mean
    deviation = average.deviation > 0 ? average.deviation : max(mean.magnitude * 1e-6, 1e-12)
    var rows: [Double] = []
    rows.reserveCapacity((end - start) * Self.width)
    for index in start...(end - Self.width) {
      for offset in 0..<Self.width { rows.append(standard(values[index + offset])) }
    }
    switch method {
    case .isolationForest: model = .forest(IsolationForest(rows: rows, width: Self.width))
    case .oneClassSVM: model = OneClassSVM(rows: rows, width: Self.width).map { .machine($0) }
    case .dbscan:
      // The usual radius of half a deviation leaves no neighbours to four values of noise.
      let radius = max(0.5, DensityClusters.radius(rows: rows, width: Self.width, noise: Self.noise))
      model = .clusters(DensityClusters(rows: rows, width: Self.width, radius: radius))
    }
    guard let model, method != .dbscan else {
      usual = 0
      line = 1
      return
    }
    var own = stride(from: 0, to: rows.count, by: Self.width).map {
      model.oddness(Array(rows[$0..<$0 + Self.width]))
    }
    own.sort()
    usual = own[own.count / 2]
    line = own[min(own.count - 1, Int(Double(own.count) * (1 - Self.noise)))]
  }

  func save(to writer: inout StateWriter) {
    values.save(to: &writer)
    writer.write(Int64(age))
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    try values.restore(from: &reader)
    age = Int(try reader.readCount("age", in: -1...Int64(Self.pause)))
    // The window still holds what the model was fitted to, and fitting is deterministic.
    if age >= 0 { fit(endingBefore: age) }
  }
}
