import Testing

@testable import TimeSeries

@Suite struct FloatHistogramTests {
  private func exponential(
    _ counts: [Double], first: Int = 0, schema: Int = 0, negative: [Double] = [], zero: Double = 0,
    threshold: Double = 0, sum: Double = 0
  ) -> FloatHistogram {
    FloatHistogram(
      schema: schema, zeroThreshold: threshold, zeroCount: zero,
      count: counts.reduce(zero, +) + negative.reduce(0, +), sum: sum, positive: .init(first: first, counts: counts),
      negative: .init(first: 0, counts: negative))
  }

  private func custom(_ bounds: [Double], _ counts: [Double], sum: Double = 0) -> FloatHistogram {
    FloatHistogram(
      schema: FloatHistogram.customSchema, count: counts.reduce(0, +), sum: sum,
      positive: .init(first: 0, counts: counts), customBounds: bounds)
  }

  @Test func `bounds are powers of two at schema 0, of 16 at schema -2, and of its root at schema 1`() {
    #expect((-1...3).map { exponential([]).bound($0) } == [0.5, 1, 2, 4, 8])
    #expect((-1...2).map { exponential([], schema: -2).bound($0) } == [0.0625, 1, 16, 256])
    #expect(exponential([], schema: 1).bound(1) == 2.0.squareRoot())
    #expect(exponential([], schema: 1).bound(2) == 2)
  }

  @Test(arguments: -4...8)
  func `the last bucket ends at the largest number`(schema: Int) {
    let histogram = exponential([], schema: schema)
    let last = schema < 0 ? 1024 >> -schema : 1024 << schema
    #expect(histogram.bound(last) == .greatestFiniteMagnitude)
    #expect(histogram.bound(last + 1) == .infinity)
    #expect(histogram.bound(.max) == .infinity)
    #expect(histogram.bound(.min) == 0)
  }

  @Test func `buckets come in ascending order with the zero bucket between the signs`() {
    let histogram = exponential([5, 6], negative: [1, 2], zero: 3, threshold: 0.6)
    let buckets = histogram.allBuckets
    #expect(buckets.map(\.count) == [2, 1, 3, 5, 6])
    // The buckets next to the zero bucket are cut where it reaches into them.
    #expect(buckets.map(\.lower) == [-2, -1, -0.6, 0.6, 1])
    #expect(buckets.map(\.upper) == [-1, -0.6, 0.6, 1, 2])
    #expect(buckets.map(\.includesLower) == [true, true, true, false, false])
  }

  @Test func `adding takes the coarser schema`() throws {
    // At schema 1 indices 1 and 2 end at 1.41 and 2: both lie in the bucket that ends at 2 at schema 0.
    var fine = exponential([1, 2, 4], first: 0, schema: 1)
    try fine.add(exponential([10, 20], schema: 0))
    #expect(fine.schema == 0)
    #expect(fine.positive.indices == [0, 1])
    #expect(fine.positive.counts == [11, 26])
    var coarse = exponential([10, 20], schema: 0)
    try coarse.add(exponential([1, 2, 4], first: 0, schema: 1))
    #expect(coarse == fine)
  }

  @Test func `the wider zero bucket takes in the buckets that it touches`() throws {
    // A zero bucket to 1.5 reaches into the bucket from 1 to 2, so it grows to 2.
    var sum = exponential([1, 2, 4], zero: 8, threshold: 0.001)
    try sum.add(exponential([], zero: 16, threshold: 1.5))
    #expect(sum.zeroThreshold == 2)
    #expect(sum.zeroCount == 27)
    #expect(sum.positive.indices == [2])
    #expect(sum.positive.counts == [4])
    #expect(sum.count == 31)
  }

  @Test func `different custom bounds leave the common ones`() throws {
    var sum = custom([1, 2, 3], [1, 2, 4, 8], sum: 3)
    let notes = try sum.add(custom([2, 5], [10, 20, 40], sum: 4))
    #expect(notes.hasReconciledBounds)
    #expect(sum.customBounds == [2])
    #expect(sum.positive.counts == [13, 72])
    #expect(sum.sum == 7)
  }

  @Test func `exponential and custom bounds do not go together`() {
    var histogram = exponential([1])
    #expect(throws: HistogramMismatch.self) { try histogram.add(custom([1], [1])) }
    #expect(throws: HistogramMismatch.self) { try histogram.subtract(custom([1], [1])) }
  }

  @Test func `subtracting gives back what was added`() throws {
    let start = exponential([1, 0, 3], first: -1, negative: [2], zero: 1, threshold: 0.01, sum: 7)
    let other = exponential([5, 6], first: 4, negative: [1, 1, 1], zero: 2, threshold: 0.01, sum: 9)
    var histogram = start
    try histogram.add(other)
    try histogram.subtract(other)
    histogram.compact()
    var expected = start
    expected.compact()
    #expect(histogram == expected)
  }

  @Test func `a sum keeps what rounding loses`() throws {
    var sum = HistogramSum(exponential([1e16]))
    _ = try sum.add(exponential([1]))
    _ = try sum.add(exponential([1]))
    #expect(sum.value.positive.counts == [1e16 + 2])
    #expect(sum.value.count == 1e16 + 2)
  }

  @Test func `a mean survives sums that overflow`() throws {
    var mean = HistogramMean(exponential([1.5e308]))
    _ = try mean.add(exponential([1.5e308]))
    #expect(mean.value.positive.counts == [1.5e308])
    #expect(mean.value.count == 1.5e308)
  }

  @Test func `hints combine to what is certain`() throws {
    func hint(_ a: FloatHistogram.CounterResetHint, _ b: FloatHistogram.CounterResetHint) throws -> (
      FloatHistogram.CounterResetHint, Bool
    ) {
      var (left, right) = (exponential([1]), exponential([1]))
      (left.hint, right.hint) = (a, b)
      let notes = try left.add(right)
      return (left.hint, notes.hasConflictingHints)
    }
    #expect(try hint(.gauge, .reset) == (.gauge, false))
    #expect(try hint(.notReset, .gauge) == (.gauge, false))
    #expect(try hint(.notReset, .unknown) == (.unknown, false))
    #expect(try hint(.notReset, .notReset) == (.notReset, false))
    #expect(try hint(.notReset, .reset) == (.unknown, true))
  }

  @Test func `a counter is reset where a count falls or the resolution rises`() {
    let before = exponential([2, 3], zero: 1, threshold: 0.1)
    #expect(!exponential([2, 4], zero: 1, threshold: 0.1).isReset(after: before))
    #expect(exponential([1, 9], zero: 1, threshold: 0.1).isReset(after: before))
    #expect(exponential([2, 4], zero: 0, threshold: 0.1).isReset(after: before))
    #expect(exponential([9, 9], schema: 1, zero: 1, threshold: 0.1).isReset(after: before))
    // A bucket that is gone counted something, or nothing.
    #expect(exponential([9], zero: 1, threshold: 0.1).isReset(after: before))
    #expect(!exponential([9], zero: 1, threshold: 0.1).isReset(after: exponential([2, 0], zero: 1, threshold: 0.1)))
    // A wider zero bucket holds what lay in its buckets.
    #expect(!exponential([4], first: 1, zero: 3, threshold: 1).isReset(after: before))
    #expect(exponential([9], first: 1, zero: 2, threshold: 1).isReset(after: before))
    var hinted = exponential([0, 0])
    hinted.hint = .notReset
    #expect(!hinted.isReset(after: before))
    #expect(custom([1, 3], [2, 0, 9]).isReset(after: custom([1, 2, 3], [1, 1, 1, 0])))
    #expect(!custom([1, 3], [1, 2, 9]).isReset(after: custom([1, 2, 3], [1, 1, 1, 0])))
  }

  @Test func `quantiles interpolate exponentially, in the zero bucket and with custom bounds linearly`() {
    let histogram = exponential([0, 4], sum: 6)
    #expect(histogram.quantile(0.5).value == 1.414213562373095)
    #expect(abs(histogram.quantile(0.25).value - 1.189207115002721) < 1e-15)
    #expect(exponential([], zero: 4, threshold: 0.5).quantile(0.75).value == 0.25)
    // With positive buckets only, the zero bucket begins at zero.
    #expect(exponential([0, 4], zero: 4, threshold: 0.5).quantile(0.25).value == 0.25)
    #expect(custom([1, 3], [0, 4, 0]).quantile(0.5).value == 2)
    #expect(custom([1, 3], [4, 0, 4]).quantile(0.25).value == 0.5)
    #expect(custom([1, 3], [0, 0, 4]).quantile(0.9).value == 3)
    #expect(histogram.quantile(-1).value == -.infinity)
    #expect(histogram.quantile(2).value == .infinity)
    #expect(exponential([]).quantile(0.5).value.isNaN)
  }

  @Test func `observations that are not a number sort beyond all others`() {
    var histogram = exponential([0, 4], sum: .nan)
    histogram.count = 8
    #expect(histogram.quantile(0.25) == (1.414213562373095, .skew))
    #expect(histogram.quantile(0.9).value.isNaN)
    #expect(histogram.quantile(0.9).notes == .isResult)
    #expect(histogram.fraction(from: 0, to: 4) == (0.5, .skew))
  }

  @Test func `fractions are the inverse of quantiles`() {
    let histogram = exponential([2, 4, 2], zero: 2, threshold: 0.001, sum: 9)
    for quantile in stride(from: 0.05, to: 1, by: 0.05) {
      let value = histogram.quantile(quantile).value
      #expect(abs(histogram.fraction(from: -.infinity, to: value).value - quantile) < 1e-12)
    }
    #expect(histogram.fraction(from: 2, to: 1).value == 0)
    #expect(histogram.fraction(from: .nan, to: 1).value.isNaN)
  }

  @Test func `the variance takes observations for the middles of their buckets`() {
    // Four observations at the middle of 1 and 3: the mean is 2, so is every observation.
    #expect(custom([1, 3], [0, 4, 0], sum: 8).variance == 0)
    #expect(custom([1, 3], [0, 4, 0], sum: 4).variance == 1)
  }

  @Test func `trimming cuts the bucket in which the limit lies`() {
    // Half of the four observations between 1 and 3 lie below 2, in the middle at 1.5, half above, at 2.5.
    let histogram = custom([1, 3], [1, 4, 2], sum: 100)
    let below = histogram.trimmed(at: 2, keepsBelow: true)
    #expect(below.positive.counts == [1, 2])
    #expect(below.count == 3)
    #expect(below.sum == 0.5 + 3)
    let above = histogram.trimmed(at: 2, keepsBelow: false)
    #expect(above.positive.indices == [1, 2])
    #expect(above.positive.counts == [2, 2])
    #expect(above.sum == 5 + 6)
    #expect(histogram.trimmed(at: .infinity, keepsBelow: true) == histogram)
    #expect(histogram.trimmed(at: -.infinity, keepsBelow: false) == histogram)
    // A zero bucket from -1 to 1 with observations on both sides: a quarter lies below -0.5.
    let zero = exponential([0, 3], negative: [0, 3], zero: 4, threshold: 1).trimmed(at: -0.5, keepsBelow: true)
    #expect(zero.zeroCount == 1)
    #expect(zero.count == 4)
  }

  @Test func `faults of shape are named`() {
    #expect(FloatHistogram(schema: 9).fault != nil)
    #expect(FloatHistogram(schema: -5).fault != nil)
    #expect(custom([2, 1], []).fault != nil)
    #expect(custom([1, .infinity], []).fault != nil)
    #expect(custom([1], [1, 1, 1]).fault != nil)
    #expect(FloatHistogram(customBounds: [1]).fault != nil)
    #expect(custom([1, 2], [1, 1, 1]).fault == nil)
  }

  @Test func `a reference is no number that arithmetic yields, and keeps its place`() {
    #expect(HistogramReference.index(HistogramReference.value(123_456)) == 123_456)
    for value in [
      1, .nan, StaleMarker.normalNaN, StaleMarker.value, .infinity, 0 / 0.0, HistogramReference.value(1) + 1,
    ] {
      #expect(HistogramReference.index(value) == nil)
    }
  }

  @Test func `logarithms of powers and powers of logarithms are exact`() {
    for exponent in -1000...1000 {
      #expect(BinaryLogarithm.exp2(Double(exponent)) == Double(sign: .plus, exponent: exponent, significand: 1))
      #expect(BinaryLogarithm.log2(Double(sign: .plus, exponent: exponent, significand: 1)) == Double(exponent))
    }
    #expect(BinaryLogarithm.exp2(0.5) == 1.414213562373095)
    #expect(BinaryLogarithm.log2(0) == -.infinity)
    #expect(BinaryLogarithm.log2(-1).isNaN)
    #expect(BinaryLogarithm.exp2(2000) == .infinity)
    #expect(BinaryLogarithm.exp2(-2000) == 0)
  }
}
