import CNeural
import TimeSeries

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How an LSTM is built and trained.
public struct LSTMSettings: Sendable, Equatable {
  /// The numbers that each layer remembers.
  public var layers = [100, 100, 50]
  /// The share of each layer's outputs that is zeroed in training (N. Srivastava et al., "Dropout", 2014).
  public var dropout = 0.2
  /// How many steps the network looks back.
  public var lookback = 60
  /// How many windows go through the network together.
  public var batch = 32
  /// The most values, counted from the newest, that are learnt from.
  public var historyLimit = 2016
  /// The most passes over the windows.
  public var epochs = 12
  /// The most windows that are seen in one pass, drawn anew each time.
  public var windowsPerEpoch = 512
  /// So many passes without progress on the held-out tail end the training.
  public var patience = 3
  /// The step length of Adam (D. P. Kingma and J. Ba, 2015).
  public var learningRate = 0.002
  /// The longest gradient that is believed (R. Pascanu et al., "On the difficulty of training recurrent neural networks",
  /// 2013).
  public var greatestGradient = 1.0
  /// The CPU seconds after which training ends with the best network so far; what comes out then depends on the machine.
  public var cpuSeconds = 60.0
  /// What the first weights, the order of windows and the dropout follow from.
  public var seed: UInt64 = 42

  public init() {}
}

/// Windows on an even grid: what a network sees at each step, and what it should say after each origin.
struct LSTMSamples {
  /// Step by step, `inputs` numbers each.
  var steps: [Float]
  var inputs: Int
  /// For each origin `outputs` numbers; NaN where the truth is missing.
  var targets: [Float]
  var outputs: Int
}

/// Trains networks: mini-batches, Adam, clipped gradients, early stopping on windows that are held out.
struct LSTMTraining {
  let settings: LSTMSettings
  private(set) var network: LSTMNetwork
  private let workspace: LSTMWorkspace
  private var mean: [Float]
  private var square: [Float]
  private var updates = 0
  private var random: SplitMix64

  init(network: LSTMNetwork, settings: LSTMSettings, usesBLAS: Bool = neural_has_blas() != 0) {
    self.settings = settings
    self.network = network
    workspace = LSTMWorkspace(
      shape: network.shape, steps: settings.lookback, batch: settings.batch, dropout: settings.dropout,
      usesBLAS: usesBLAS)
    mean = [Float](repeating: 0, count: network.parameters.count)
    square = mean
    random = SplitMix64(seed: settings.seed)
  }

  /// Trains on the windows that end at `origins` until the network gets no better on those that end at `heldOut`, the
  /// passes are through, or the CPU seconds are used up; keeps the network that was best there.
  ///
  /// - Parameters:
  ///   - judged: the windows and truths that `heldOut` speaks of.
  ///   - shouldGoOn: asked after each batch; false ends the training like a used-up budget.
  mutating func train(
    _ samples: LSTMSamples, origins: [Int], judged: LSTMSamples, heldOut: [Int],
    shouldGoOn: () -> Bool = { true }
  ) {
    guard !origins.isEmpty else { return }
    let started = Self.cpuSeconds()
    var best = (loss: loss(judged, origins: heldOut), parameters: network.parameters)
    var waited = 0
    var order = origins
    let budget = settings.cpuSeconds
    for _ in 0..<settings.epochs {
      let isThrough = epoch(samples, origins: &order) {
        shouldGoOn() && Self.cpuSeconds() - started < budget
      }
      let loss = loss(judged, origins: heldOut)
      if loss < best.loss {
        best = (loss, network.parameters)
        waited = 0
      } else {
        waited += 1
      }
      if !isThrough || waited >= settings.patience { break }
    }
    network.parameters = best.parameters
  }

  /// One pass over at most `windowsPerEpoch` windows in an order that is drawn; whether it came to its end.
  mutating func epoch(_ samples: LSTMSamples, origins: inout [Int], shouldGoOn: () -> Bool = { true }) -> Bool {
    let count = min(origins.count, settings.windowsPerEpoch)
    for index in 0..<count {
      origins.swapAt(index, index + random.index(below: origins.count - index))
    }
    var first = 0
    while first < count {
      learn(samples, origins: origins[first..<min(count, first + settings.batch)])
      first += settings.batch
      if !shouldGoOn() { return false }
    }
    return true
  }

  /// The mean squared error over all truths of some origins; infinite without any.
  func loss(_ samples: LSTMSamples, origins: [Int]) -> Double {
    var sum = 0.0
    var count = 0
    forEachAnswer(samples, origins: origins) { origin, answers in
      for output in 0..<samples.outputs {
        let target = samples.targets[origin * samples.outputs + output]
        guard !target.isNaN else { continue }
        let miss = Double(answers[output] - target)
        sum += miss * miss
        count += 1
      }
    }
    return count > 0 ? sum / Double(count) : .infinity
  }

  /// Calls `body` with what the network says after each origin.
  func forEachAnswer(
    _ samples: LSTMSamples, origins: [Int], _ body: (_ origin: Int, _ answers: UnsafePointer<Float>) -> Void
  ) {
    var first = 0
    while first < origins.count {
      let chosen = origins[first..<min(origins.count, first + settings.batch)]
      gather(samples, origins: chosen)
      network.parameters.withUnsafeBufferPointer { parameters in
        guard let start = parameters.baseAddress else { return }
        workspace.forward(start)
      }
      for (row, origin) in chosen.enumerated() {
        body(origin, workspace.output.start + row * samples.outputs)
      }
      first += settings.batch
    }
  }

  /// Copies the windows into the workspace; rows that are left over repeat the last window.
  private func gather(_ samples: LSTMSamples, origins: ArraySlice<Int>) {
    let inputs = samples.inputs
    samples.steps.withUnsafeBufferPointer { steps in
      guard let start = steps.baseAddress else { return }
      for row in 0..<settings.batch {
        let origin = origins[min(origins.startIndex + row, origins.endIndex - 1)]
        let first = origin + 1 - settings.lookback
        for time in 0..<settings.lookback {
          (workspace.input.start + (time * settings.batch + row) * inputs).update(
            from: start + (first + time) * inputs, count: inputs)
        }
      }
    }
  }

  private mutating func learn(_ samples: LSTMSamples, origins: ArraySlice<Int>) {
    gather(samples, origins: origins)
    let dropoutSeed = UInt32(truncatingIfNeeded: random.next())
    let count = network.parameters.count
    let gradients = workspace.gradients.start
    // Taken out and put back: the array is neither copied nor in use twice.
    var parameters: [Float] = []
    swap(&parameters, &network.parameters)
    defer { swap(&parameters, &network.parameters) }
    parameters.withUnsafeMutableBufferPointer { parameters in
      guard let weights = parameters.baseAddress else { return }
      workspace.forward(weights, dropoutSeed: dropoutSeed)
      guard setOutputGradient(samples, origins: origins) else { return }
      workspace.backward(weights, dropoutSeed: dropoutSeed)
      var squares = 0.0
      for index in 0..<count { squares += Double(gradients[index]) * Double(gradients[index]) }
      let length = squares.squareRoot()
      guard length.isFinite else { return }
      updates += 1
      let correction =
        (1 - power(0.999, Double(updates))).squareRoot() / (1 - power(0.9, Double(updates)))
      neural_adam(
        count, weights, gradients, Float(min(1, settings.greatestGradient / max(length, 1e-12))), &mean, &square,
        Float(settings.learningRate * correction), 1e-8)
    }
  }

  /// The gradient of the mean squared error over the truths of a batch; false if it has none.
  private func setOutputGradient(_ samples: LSTMSamples, origins: ArraySlice<Int>) -> Bool {
    let outputs = samples.outputs
    let gradient = workspace.outputGradient
    gradient.numbers.update(repeating: 0)
    var known = 0
    for (row, origin) in origins.enumerated() {
      for output in 0..<outputs {
        let target = samples.targets[origin * outputs + output]
        guard !target.isNaN else { continue }
        gradient.numbers[row * outputs + output] = 2 * (workspace.output.numbers[row * outputs + output] - target)
        known += 1
      }
    }
    guard known > 0 else { return false }
    for index in 0..<settings.batch * outputs { gradient.numbers[index] /= Float(known) }
    return true
  }

  /// The CPU time of this thread, in seconds.
  static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
