/// A quantile of a stream in constant memory: the P² algorithm.
///
/// Five markers (least, half-way, the quantile, half-way, greatest) move along the empirical distribution by
/// piecewise-parabolic interpolation. It never forgets; for a signal that drifts, feed it a bounded stretch.
/// Source: R. Jain, I. Chlamtac, "The P² Algorithm for Dynamic Calculation of Quantiles and Histograms Without Storing
/// Observations", CACM 28 (10), 1985.
public struct P2Quantile: Sendable, Hashable {
  /// The probability of the quantile, within 0...1.
  public let probability: Double
  /// How many values were added.
  public private(set) var count = 0
  /// The first five places count, of the heights as many as there are values. Vectors and not arrays, so that whatever holds a
  /// quantile is copied as plain bytes.
  private var heights = SIMD8<Double>()
  private var positions = SIMD8<Double>(1, 2, 3, 4, 5, 0, 0, 0)

  public init(probability: Double) { self.probability = min(max(probability, 0), 1) }

  /// The estimate; of fewer than five values the nearest rank, of none NaN.
  public var value: Double { marker(2, probability) }

  /// The estimate half-way between the least value and the quantile, that is at half its probability.
  public var lowerHalf: Double { marker(1, probability / 2) }

  /// The estimate half-way between the quantile and the greatest value.
  public var upperHalf: Double { marker(3, (1 + probability) / 2) }

  private func marker(_ index: Int, _ rank: Double) -> Double {
    if count >= 5 { return heights[index] }
    if count == 0 { return .nan }
    return heights[min(Int((rank * Double(count)).rounded(.down)), count - 1)]
  }

  /// Takes `value`, which must not be NaN, into the markers.
  ///
  /// - Complexity: O(1).
  public mutating func add(_ value: Double) {
    count += 1
    if count <= 5 {
      var place = count - 1
      while place > 0, heights[place - 1] > value {
        heights[place] = heights[place - 1]
        place -= 1
      }
      heights[place] = value
      return
    }
    let cell: Int
    if value < heights[0] {
      heights[0] = value
      cell = 0
    } else if value >= heights[4] {
      heights[4] = value
      cell = 3
    } else {
      cell = value < heights[1] ? 0 : value < heights[2] ? 1 : value < heights[3] ? 2 : 3
    }
    for index in (cell + 1)..<5 { positions[index] += 1 }
    let last = Double(count - 1)
    adjust(1, towards: 1 + last * probability / 2)
    adjust(2, towards: 1 + last * probability)
    adjust(3, towards: 1 + last * (1 + probability) / 2)
  }

  private mutating func adjust(_ index: Int, towards desired: Double) {
    let gap = desired - positions[index]
    let step: Double
    if gap >= 1 && positions[index + 1] - positions[index] > 1 {
      step = 1
    } else if gap <= -1 && positions[index - 1] - positions[index] < -1 {
      step = -1
    } else {
      return
    }
    let below = positions[index] - positions[index - 1]
    let above = positions[index + 1] - positions[index]
    let rise = (heights[index + 1] - heights[index]) / above
    let fall = (heights[index] - heights[index - 1]) / below
    let parabolic = heights[index] + step / (below + above) * ((below + step) * rise + (above - step) * fall)
    if parabolic > heights[index - 1] && parabolic < heights[index + 1] {
      heights[index] = parabolic
    } else {
      // The parabola would break the order of the markers: go along the straight line to the neighbour.
      heights[index] += step > 0 ? rise : -fall
    }
    positions[index] += step
  }

  func save(to writer: inout StateWriter) {
    writer.write(Int64(count))
    for index in 0..<5 { writer.write(heights[index]) }
    for index in 0..<5 { writer.write(positions[index]) }
  }

  mutating func restore(from reader: inout StateReader) throws(AnomalyStateError) {
    count = Int(try reader.readCount("count", in: 0...(1 << 53)))
    for index in 0..<5 { heights[index] = try reader.readFinite("marker") }
    let start = reader.offset
    for index in 0..<5 { positions[index] = try reader.readFinite("position") }
    for index in 1..<5 where positions[index] <= positions[index - 1] {
      throw .implausible(field: "position", offset: start)
    }
  }
}
