import CNeural

/// The memory in which a batch of sequences goes through a network and its gradients come back.
///
/// All of it is allocated once. Sequences are time-major: row `time * batch + sequence`. The inputs of all time steps
/// go through a layer's input weights in one product; one more product a step adds what the layer remembers. On the way
/// back one product per layer gives the gradients of each weight matrix, over all time steps at once.
final class LSTMWorkspace {
  let shape: LSTMNetwork.Shape
  let steps: Int
  let batch: Int
  /// Whether OpenBLAS computes the products; loops of our own if not.
  let usesBLAS: Bool
  private let share: Float
  private let layers: [Layer]
  /// What comes in: steps × batch rows of `shape.inputs` numbers; the owner fills it.
  let input: Slab
  /// What comes out: batch rows of `shape.outputs` numbers.
  let output: Slab
  /// What is wanted of the output; the owner fills it before `backward`.
  let outputGradient: Slab
  /// The gradients of all parameters after `backward`.
  let gradients: Slab
  private let top: Slab
  private let topGradient: Slab

  /// Numbers that belong to one owner and live as long as it.
  final class Slab {
    let numbers: UnsafeMutableBufferPointer<Float>

    init(_ count: Int) {
      numbers = .allocate(capacity: max(1, count))
      numbers.initialize(repeating: 0)
    }

    deinit { numbers.deallocate() }

    /// Safe: the buffer has at least one element, so it has an address.
    var start: UnsafeMutablePointer<Float> { numbers.baseAddress.unsafelyUnwrapped }
  }

  private struct Layer {
    let part: LSTMNetwork.Part
    let gates: Slab
    let cells: Slab
    let squashed: Slab
    let outputs: Slab
    /// The outputs after dropout, which the next layer takes; the outputs themselves without dropout.
    let passed: Slab
    let gradient: Slab
    let cellGradient: Slab
  }

  /// - Parameter dropout: the share of each layer's outputs that is zeroed in training, from 0 up to 1, exclusive.
  init(
    shape: LSTMNetwork.Shape, steps: Int, batch: Int, dropout: Double = 0, usesBLAS: Bool = neural_has_blas() != 0
  ) {
    self.shape = shape
    self.steps = steps
    self.batch = batch
    self.usesBLAS = usesBLAS
    share = Float(dropout)
    let rows = steps * batch
    input = Slab(rows * shape.inputs)
    output = Slab(batch * shape.outputs)
    outputGradient = Slab(batch * shape.outputs)
    gradients = Slab(shape.parameterCount)
    top = Slab(batch * (shape.layers.last ?? 0))
    topGradient = Slab(batch * (shape.layers.last ?? 0))
    let parts = shape.parts
    layers = parts.indices.map { index in
      let part = parts[index]
      let outputs = Slab(rows * part.hidden)
      let drops = dropout > 0 && index + 1 < parts.count
      return Layer(
        part: part, gates: Slab(rows * 4 * part.hidden), cells: Slab(rows * part.hidden),
        squashed: Slab(rows * part.hidden), outputs: outputs, passed: drops ? Slab(rows * part.hidden) : outputs,
        gradient: Slab(rows * part.hidden), cellGradient: Slab(batch * part.hidden))
    }
  }

  private enum Transposed { case none, left, right }

  private func multiply(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, transposing: Transposed = .none, rows: Int,
    columns: Int, inner: Int, adding: Bool = false, into result: UnsafeMutablePointer<Float>
  ) {
    neural_multiply(
      usesBLAS ? 1 : 0, transposing == .left ? 1 : 0, transposing == .right ? 1 : 0, Int32(rows), Int32(columns),
      Int32(inner), left, right, adding ? 1 : 0, result)
  }

  private func seed(_ seed: UInt32, layer: Int) -> UInt32 { seed &+ UInt32(layer) &* 0x9e37_79b9 }

  /// Sends the batch in `input` through the network into `output`.
  ///
  /// - Parameter dropoutSeed: which outputs are zeroed; nil for none, as in forecasts.
  func forward(_ parameters: UnsafePointer<Float>, dropoutSeed: UInt32? = nil) {
    var source = input.start
    for (index, layer) in layers.enumerated() {
      let part = layer.part
      let hidden = part.hidden
      let gates = layer.gates.start
      neural_fill_rows(Int32(steps * batch), Int32(4 * hidden), parameters + part.bias, gates)
      multiply(
        source, parameters + part.offset, rows: steps * batch, columns: 4 * hidden, inner: part.inputs, adding: true,
        into: gates)
      let stride = batch * hidden
      for time in 0..<steps {
        let now = gates + time * 4 * stride
        if time > 0 {
          multiply(
            layer.outputs.start + (time - 1) * stride, parameters + part.recurrent, rows: batch, columns: 4 * hidden,
            inner: hidden, adding: true, into: now)
        }
        neural_lstm_forward(
          Int32(batch), Int32(hidden), now, time > 0 ? layer.cells.start + (time - 1) * stride : nil,
          layer.cells.start + time * stride, layer.squashed.start + time * stride,
          layer.outputs.start + time * stride)
      }
      source = layer.outputs.start
      if let dropoutSeed, share > 0, index + 1 < layers.count {
        neural_dropout(
          steps * stride, source, layer.passed.start, share, seed(dropoutSeed, layer: index))
        source = layer.passed.start
      }
    }
    guard let last = layers.last else { return }
    let stride = batch * last.part.hidden
    top.start.update(from: last.outputs.start + (steps - 1) * stride, count: stride)
    if let dropoutSeed, share > 0 {
      neural_dropout(stride, top.start, top.start, share, seed(dropoutSeed, layer: layers.count))
    }
    let linear = shape.linearOffset
    neural_fill_rows(
      Int32(batch), Int32(shape.outputs), parameters + linear + last.part.hidden * shape.outputs, output.start)
    multiply(
      top.start, parameters + linear, rows: batch, columns: shape.outputs, inner: last.part.hidden, adding: true,
      into: output.start)
  }

  /// Computes `gradients` from `outputGradient`, after `forward` with the same parameters and seed (P. J. Werbos,
  /// "Backpropagation through time", 1990).
  func backward(_ parameters: UnsafePointer<Float>, dropoutSeed: UInt32? = nil) {
    guard let last = layers.last else { return }
    let linear = shape.linearOffset
    let width = last.part.hidden
    multiply(
      top.start, outputGradient.start, transposing: .left, rows: width, columns: shape.outputs, inner: batch,
      into: gradients.start + linear)
    neural_column_sums(
      Int32(batch), Int32(shape.outputs), outputGradient.start, gradients.start + linear + width * shape.outputs)
    multiply(
      outputGradient.start, parameters + linear, transposing: .right, rows: batch, columns: width,
      inner: shape.outputs, into: topGradient.start)
    if let dropoutSeed, share > 0 {
      neural_dropout(
        batch * width, topGradient.start, topGradient.start, share, seed(dropoutSeed, layer: layers.count))
    }
    last.gradient.numbers.update(repeating: 0)
    (last.gradient.start + (steps - 1) * batch * width).update(from: topGradient.start, count: batch * width)
    for index in layers.indices.reversed() {
      backward(layer: index, parameters, dropoutSeed: dropoutSeed)
    }
  }

  private func backward(layer index: Int, _ parameters: UnsafePointer<Float>, dropoutSeed: UInt32?) {
    let layer = layers[index]
    let part = layer.part
    let hidden = part.hidden
    let stride = batch * hidden
    let gates = layer.gates.start
    layer.cellGradient.numbers.update(repeating: 0)
    for time in (0..<steps).reversed() {
      let wanted = layer.gradient.start + time * stride
      if time + 1 < steps {
        multiply(
          gates + (time + 1) * 4 * stride, parameters + part.recurrent, transposing: .right, rows: batch,
          columns: hidden, inner: 4 * hidden, adding: true, into: wanted)
      }
      neural_lstm_backward(
        Int32(batch), Int32(hidden), gates + time * 4 * stride,
        time > 0 ? layer.cells.start + (time - 1) * stride : nil, layer.squashed.start + time * stride, wanted,
        layer.cellGradient.start)
    }
    let rows = steps * batch
    let source = index > 0 ? passed(by: index - 1, dropoutSeed) : input.start
    multiply(
      source, gates, transposing: .left, rows: part.inputs, columns: 4 * hidden, inner: rows,
      into: gradients.start + part.offset)
    multiply(
      layer.outputs.start, gates + 4 * stride, transposing: .left, rows: hidden, columns: 4 * hidden,
      inner: rows - batch, into: gradients.start + part.recurrent)
    neural_column_sums(Int32(rows), Int32(4 * hidden), gates, gradients.start + part.bias)
    guard index > 0 else { return }
    let below = layers[index - 1].gradient.start
    multiply(
      gates, parameters + part.offset, transposing: .right, rows: rows, columns: part.inputs, inner: 4 * hidden,
      into: below)
    if let dropoutSeed, share > 0 {
      neural_dropout(rows * part.inputs, below, below, share, seed(dropoutSeed, layer: index - 1))
    }
  }

  private func passed(by index: Int, _ dropoutSeed: UInt32?) -> UnsafeMutablePointer<Float> {
    dropoutSeed != nil && share > 0 ? layers[index].passed.start : layers[index].outputs.start
  }
}
