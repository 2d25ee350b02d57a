#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A signal that is silent for longer than its earlier gaps lead to expect once in ten thousand values.
///
/// A gap begins with some probability after a value, and a value that is missing is followed by another missing one with
/// some other: a Markov chain of two states, its probabilities counted with one success in two tries as the prior (Laplace's rule of
/// succession). A signal that has never missed a value in a week at a minute's step is remarkable with the first one, a young one
/// after eight.
struct StalenessDetector: StreamDetector {
  private static let line = log(1e-4)
  /// Values before anything is said.
  private static let leastCount = 100.0
  /// Values after which what was counted is halved.
  private static let memory = 50_000.0

  private let step: Double
  private var newest: Int64?
  private var values = 0.0
  private var gaps = 0.0
  private var missing = 0.0

  /// A detector of a signal that should have a value every `step` milliseconds.
  init(step: Int64) { self.step = Double(max(step, 1)) }

  mutating func take(_ value: Double, at timestamp: Int64) -> AnomalyDetector.Reading {
    let absent = max(0, steps(to: timestamp) - 1)
    let result = reading(absent)
    if absent > 0 {
      gaps += 1
      missing += absent
    }
    values += 1
    newest = timestamp
    if values >= Self.memory {
      values /= 2
      gaps /= 2
      missing /= 2
    }
    return result
  }

  func silence(at timestamp: Int64) -> AnomalyDetector.Reading? { reading(max(0, steps(to: timestamp))) }

  private func steps(to timestamp: Int64) -> Double {
    guard let newest else { return 0 }
    return ((Double(timestamp) - Double(newest)) / step).rounded()
  }

  private func reading(_ absent: Double) -> AnomalyDetector.Reading {
    guard absent > 0, values >= Self.leastCount else { return AnomalyDetector.Reading() }
    let begins = (gaps + 1) / (values + 2)
    let goesOn = (missing - gaps + 1) / (missing + 2)
    return AnomalyDetector.Reading(score: (log(begins) + (absent - 1) * log(goesOn)) / Self.line)
  }

  func save(to writer: inout StateWriter) {
    writer.write(newest != nil)
    writer.write(newest ?? 0)
    for number in [values, gaps, missing] { writer.write(number) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    let isKnown = try reader.readBool("newest")
    let time: Int64 = try reader.read()
    newest = isKnown ? time : nil
    values = try reader.readFinite("values", atLeast: 0)
    gaps = try reader.readFinite("gaps", atLeast: 0)
    missing = try reader.readFinite("missing values", atLeast: gaps)
  }
}
