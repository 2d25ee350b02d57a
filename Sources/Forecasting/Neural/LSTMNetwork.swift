import TimeSeries

/// The numbers of a stack of LSTM layers with a linear layer on top of the last one's final output.
///
/// S. Hochreiter and J. Schmidhuber, "Long short-term memory" (1997), with the forget gate of F. A. Gers et al., "Learning
/// to forget" (2000). Gates lie in the order input, forget, candidate, output.
struct LSTMNetwork: Sendable, Equatable {
  /// What the layers take and give.
  struct Shape: Sendable, Equatable {
    /// Numbers that come in at each time step.
    var inputs: Int
    /// Numbers that each layer remembers, the first layer's first.
    var layers: [Int]
    /// Numbers that come out after the last time step.
    var outputs: Int

    /// How many time steps, numbers or layers a network may have; what is read from a file is held to it.
    static let limit = 4096

    /// Where each layer's numbers lie among all parameters.
    var parts: [Part] {
      var parts: [Part] = []
      var offset = 0
      var width = inputs
      for hidden in layers {
        let part = Part(inputs: width, hidden: hidden, offset: offset)
        parts.append(part)
        offset = part.end
        width = hidden
      }
      return parts
    }

    /// The number of all parameters: after the layers' come the linear layer's weights and bias.
    var parameterCount: Int {
      let last = layers.last ?? inputs
      return linearOffset + last * outputs + outputs
    }

    /// Where the linear layer's weights begin.
    var linearOffset: Int { parts.last?.end ?? 0 }
  }

  /// Where the numbers of one layer lie.
  struct Part: Sendable, Equatable {
    var inputs: Int
    var hidden: Int
    /// The weights of the inputs, inputs × 4 hidden.
    var offset: Int
    /// The weights of the layer's own last output, hidden × 4 hidden.
    var recurrent: Int { offset + inputs * 4 * hidden }
    /// The bias of the gates, 4 hidden.
    var bias: Int { recurrent + hidden * 4 * hidden }
    var end: Int { bias + 4 * hidden }
  }

  let shape: Shape
  /// All parameters, layer by layer.
  var parameters: [Float]

  /// Uniform weights as X. Glorot and Y. Bengio draw them ("Understanding the difficulty of training deep feedforward
  /// neural networks", 2010), and a forget gate that begins open (R. Jozefowicz et al., 2015).
  init(shape: Shape, seed: UInt64) {
    self.shape = shape
    parameters = [Float](repeating: 0, count: shape.parameterCount)
    var random = SplitMix64(seed: seed)
    func draw(_ range: Range<Int>, _ limit: Double) {
      for index in range { parameters[index] = Float((2 * random.uniform() - 1) * limit) }
    }
    for part in shape.parts {
      draw(part.offset..<part.recurrent, (6 / Double(part.inputs + part.hidden)).squareRoot())
      draw(part.recurrent..<part.bias, (3 / Double(part.hidden)).squareRoot())
      for index in 0..<part.hidden { parameters[part.bias + part.hidden + index] = 1 }
    }
    let last = shape.layers.last ?? shape.inputs
    draw(
      shape.linearOffset..<shape.linearOffset + last * shape.outputs,
      (6 / Double(last + shape.outputs)).squareRoot())
  }

  /// A network of given parameters, as many as the shape wants.
  init?(shape: Shape, parameters: [Float]) {
    guard parameters.count == shape.parameterCount else { return nil }
    self.shape = shape
    self.parameters = parameters
  }
}
