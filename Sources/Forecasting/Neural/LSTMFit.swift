/// A trained network and the frame in which its numbers hold.
struct LSTMFit: Sendable, Equatable {
  private let network: LSTMNetwork
  private let standards: [LSTMView.Standard]
  /// The horizons that the network answers for, in steps, ascending.
  private let ladder: [Int]
  /// Its errors on the held-out tail, in the unit of `factor`.
  let errors: ErrorTable

  /// What values are multiplied with.
  var factor: Double { standards[0].factor }
  var signalCount: Int { standards.count }

  static func == (left: Self, right: Self) -> Bool {
    left.network == right.network && left.standards == right.standards && left.ladder == right.ladder
      && left.errors.rows == right.errors.rows
  }

  /// Trains on the newest values; nil if there are too few.
  init?(_ view: LSTMView, settings: LSTMSettings, shouldGoOn: () -> Bool) {
    let lookback = settings.lookback
    let count = min(view.count, settings.historyLimit)
    guard count >= 3 * lookback else { return nil }
    let signal = view.signals[0].suffix(count)
    let period = SeasonalPeriods.main(of: Self.filled(signal)[...], step: view.step)
    let ladder = horizonLadder(through: max(1, min(period ?? 288, count / 5)))
    let standards = view.signals.map { LSTMView.Standard($0.suffix(count)) }
    let samples = Self.samples(view, count: count, ladder: ladder, standards: standards)
    // What is learnt from ends where what is held out begins.
    let border = count - Self.heldOut(count, settings)
    var learnt = samples
    for origin in 0..<count {
      for (rung, horizon) in ladder.enumerated() where origin + horizon >= border {
        learnt.targets[origin * ladder.count + rung] = .nan
      }
    }
    func known(_ samples: LSTMSamples, _ range: Range<Int>) -> [Int] {
      range.filter { origin in
        ladder.indices.contains { !samples.targets[origin * ladder.count + $0].isNaN }
      }
    }
    let origins = known(learnt, lookback - 1..<border)
    let heldOut = known(samples, border..<count)
    guard origins.count >= settings.batch, heldOut.count >= 10 else { return nil }
    let shape = LSTMNetwork.Shape(inputs: samples.inputs, layers: settings.layers, outputs: ladder.count)
    var training = LSTMTraining(network: LSTMNetwork(shape: shape, seed: settings.seed), settings: settings)
    // Truths of the held-out tail are hidden from learning, and windows before it from judging.
    training.train(learnt, origins: origins, judged: samples, heldOut: heldOut, shouldGoOn: shouldGoOn)
    network = training.network
    guard network.parameters.allSatisfy(\.isFinite) else { return nil }
    self.standards = standards
    self.ladder = ladder
    errors = Self.errors(
      training, samples, heldOut: heldOut, ladder: ladder, standard: standards[0], span: count - border,
      cold: ColdStart.scale(Self.filled(signal).map { $0 * standards[0].factor }))
  }

  /// How many of so many values are held out.
  static func heldOut(_ count: Int, _ settings: LSTMSettings) -> Int { max(settings.lookback / 2, count / 5) }

  private static func filled(_ values: ArraySlice<Double>) -> [Double] {
    var last = values.first { $0.isFinite } ?? 0
    return values.map { value in
      if value.isFinite { last = value }
      return last
    }
  }

  private static func samples(
    _ view: LSTMView, count: Int, ladder: [Int], standards: [LSTMView.Standard]
  ) -> LSTMSamples {
    let signal = Array(view.signals[0].suffix(count))
    let last = filled(signal[...])
    let standard = standards[0]
    var targets = [Float](repeating: .nan, count: count * ladder.count)
    for origin in 0..<count {
      for (rung, horizon) in ladder.enumerated() where origin + horizon < count {
        let truth = signal[origin + horizon]
        guard truth.isFinite else { continue }
        let change = (truth * standard.factor - last[origin] * standard.factor) / standard.deviation
        targets[origin * ladder.count + rung] = Float(min(1e4, max(-1e4, change)))
      }
    }
    return LSTMSamples(
      steps: view.steps(count, standards: standards), inputs: LSTMView.inputs(signals: standards.count),
      targets: targets, outputs: ladder.count)
  }

  private static func errors(
    _ training: LSTMTraining, _ samples: LSTMSamples, heldOut: [Int], ladder: [Int], standard: LSTMView.Standard,
    span: Int, cold: Double
  ) -> ErrorTable {
    var errors = [[Double]](repeating: [], count: ladder.count)
    training.forEachAnswer(samples, origins: heldOut) { origin, answers in
      for rung in ladder.indices {
        let target = samples.targets[origin * ladder.count + rung]
        if !target.isNaN { errors[rung].append(Double(target - answers[rung]) * standard.deviation) }
      }
    }
    let rows = ladder.indices.map { rung in
      var squares = 0.0
      for error in errors[rung] { squares += error * error }
      let spread = errors[rung].isEmpty ? 0 : (squares / Double(errors[rung].count)).squareRoot()
      return ErrorTable.quantiles(
        errors: errors[rung], weights: errors[rung].map { _ in 1 },
        effectiveCount: min(Double(errors[rung].count), Double(span) / Double(ladder[rung])),
        priorScale: max(2 * spread, cold * Double(ladder[rung]).squareRoot()))
    }
    return ErrorTable(horizons: ladder, rows: rows)
  }

  /// The changes from the newest value at the horizons of the ladder, in the unit of `factor`; nil if there are fewer
  /// values than the network looks back on.
  func changes(_ view: LSTMView, lookback: Int) -> [Double]? {
    guard view.count >= lookback, view.signals.count == standards.count else { return nil }
    let steps = view.steps(lookback, standards: standards)
    let workspace = LSTMWorkspace(shape: network.shape, steps: lookback, batch: 1)
    steps.withUnsafeBufferPointer { _ = workspace.input.numbers.update(fromContentsOf: $0) }
    network.parameters.withUnsafeBufferPointer { parameters in
      guard let start = parameters.baseAddress else { return }
      workspace.forward(start)
    }
    return workspace.output.numbers.prefix(ladder.count).map { Double($0) * standards[0].deviation }
  }

  /// The change at any horizon: linear between two rungs (and from zero to the first), that of the last rung beyond it.
  func change(_ changes: [Double], at horizon: Int) -> Double {
    guard let upper = ladder.firstIndex(where: { $0 >= horizon }) else { return changes.last ?? 0 }
    let before = upper > 0 ? (ladder[upper - 1], changes[upper - 1]) : (0, 0)
    let share = Double(horizon - before.0) / Double(ladder[upper] - before.0)
    return before.1 + (changes[upper] - before.1) * share
  }

  // MARK: State

  func write(to writer: inout StateWriter) {
    writer.write(standards.count)
    for standard in standards {
      writer.write(standard.factor)
      writer.write(standard.mean)
      writer.write(standard.deviation)
    }
    writer.write(ladder.map { Double($0) })
    for row in errors.rows { writer.write(row) }
    writer.write(network.shape.layers.map { Double($0) })
    for parameter in network.parameters { writer.write(parameter.bitPattern) }
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    var standards: [LSTMView.Standard] = []
    for _ in 0..<(try reader.readInt(in: 1...65)) {
      let standard = LSTMView.Standard(
        factor: try reader.readDouble(), mean: try reader.readDouble(), deviation: try reader.readDouble())
      guard standard.factor > 0, standard.factor.isFinite, standard.mean.isFinite, standard.deviation > 0,
        standard.deviation.isFinite
      else { throw .unreadableState("a signal without a scale") }
      standards.append(standard)
    }
    let ladder = try reader.readDoubles(atMost: 1000).map { Int(exactly: $0) ?? 0 }
    guard !ladder.isEmpty, ladder[0] > 0, zip(ladder, ladder.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw .unreadableState("horizons out of order")
    }
    var rows: [[Double]] = []
    for _ in ladder {
      let row = try reader.readDoubles(atMost: ErrorTable.width)
      guard row.count == ErrorTable.width, row.allSatisfy(\.isFinite) else {
        throw .unreadableState("an error table out of shape")
      }
      rows.append(row)
    }
    let layers = try reader.readDoubles(atMost: 16).map { Int(exactly: $0) ?? 0 }
    guard !layers.isEmpty, layers.allSatisfy({ (1...LSTMNetwork.Shape.limit).contains($0) }) else {
      throw .unreadableState("layers out of shape")
    }
    let shape = LSTMNetwork.Shape(
      inputs: LSTMView.inputs(signals: standards.count), layers: layers, outputs: ladder.count)
    // Read one by one, so that a great shape with few bytes behind it ends at once.
    var parameters: [Float] = []
    for _ in 0..<shape.parameterCount { parameters.append(Float(bitPattern: try reader.readUInt32())) }
    guard parameters.allSatisfy(\.isFinite), let network = LSTMNetwork(shape: shape, parameters: parameters) else {
      throw .unreadableState("a network that is not finite")
    }
    self.network = network
    self.standards = standards
    self.ladder = ladder
    errors = ErrorTable(horizons: ladder, rows: rows)
  }
}

extension LSTMSettings {
  func write(to writer: inout StateWriter) {
    writer.write(layers.map { Double($0) })
    writer.write(dropout)
    for number in [lookback, batch, historyLimit, epochs, windowsPerEpoch, patience] { writer.write(number) }
    writer.write(learningRate)
    writer.write(greatestGradient)
    writer.write(cpuSeconds)
    writer.write(seed)
  }

  init(_ reader: inout StateReader) throws(ForecastError) {
    self.init()
    let limit = LSTMNetwork.Shape.limit
    layers = try reader.readDoubles(atMost: 16).map { Int(exactly: $0) ?? 0 }
    dropout = try reader.readDouble()
    lookback = try reader.readInt(in: 1...limit)
    batch = try reader.readInt(in: 1...limit)
    historyLimit = try reader.readInt(in: 1...1_000_000)
    epochs = try reader.readInt(in: 0...1_000_000)
    windowsPerEpoch = try reader.readInt(in: 1...1_000_000)
    patience = try reader.readInt(in: 0...1_000_000)
    learningRate = try reader.readDouble()
    greatestGradient = try reader.readDouble()
    cpuSeconds = try reader.readDouble()
    seed = try reader.readUInt64()
    guard !layers.isEmpty, layers.allSatisfy({ (1...limit).contains($0) }), dropout >= 0, dropout < 1,
      learningRate.isFinite, greatestGradient.isFinite, cpuSeconds >= 0
    else { throw .unreadableState("settings of a network out of range") }
  }
}
