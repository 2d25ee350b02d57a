import CNeural
import Foundation
import Testing

@testable import Forecasting

@Suite("LSTM network")
struct LSTMNetworkTests {
  private static let shape = LSTMNetwork.Shape(inputs: 2, layers: [3, 2], outputs: 2)

  /// Weights and inputs by formula, as in Tests/Support/lstm-reference.py.
  private static let parameters: [Float] = (0..<shape.parameterCount).map { Float(0.5 * sin(0.7 * Double($0) + 0.3)) }

  private static func workspace(usesBLAS: Bool, dropout: Double = 0) -> LSTMWorkspace {
    let workspace = LSTMWorkspace(shape: shape, steps: 4, batch: 2, dropout: dropout, usesBLAS: usesBLAS)
    for index in 0..<16 { workspace.input.numbers[index] = Float(cos(0.37 * Double(index))) }
    return workspace
  }

  /// The gradients of the sum of the squared outputs.
  private static func gradients(_ workspace: LSTMWorkspace, _ parameters: [Float], seed: UInt32?) -> [Float] {
    workspace.forward(parameters, dropoutSeed: seed)
    for index in 0..<4 { workspace.outputGradient.numbers[index] = 2 * workspace.output.numbers[index] }
    workspace.backward(parameters, dropoutSeed: seed)
    return Array(workspace.gradients.numbers)
  }

  @Test("says what PyTorch says, and has its gradients", arguments: [true, false])
  func agreesWithPyTorch(usesBLAS: Bool) {
    let workspace = Self.workspace(usesBLAS: usesBLAS)
    let gradients = Self.gradients(workspace, Self.parameters, seed: nil)
    let output = [-0.431652281, -0.110808714, -0.431012129, -0.109519082]
    for (mine, theirs) in zip(workspace.output.numbers, output) { #expect(abs(Double(mine) - theirs) < 1e-6) }
    let everyNinth = [
      0.00257049695, 0.000853848885, -0.00362232954, -9.46004845e-05, 0.00016924553, 0.000138230023, 0.00257059871,
      -0.00180863499, 0.00115893333, -0.000914714833, -0.00157230724, -0.00190262377, -0.0110718887, 0.391819357,
    ]
    for (index, theirs) in everyNinth.enumerated() { #expect(abs(Double(gradients[9 * index]) - theirs) < 1e-6) }
  }

  @Test("gradients are the slopes of the loss, with dropout and without", arguments: [nil, 11] as [UInt32?])
  func gradientsAreSlopes(seed: UInt32?) {
    let workspace = Self.workspace(usesBLAS: false, dropout: seed == nil ? 0 : 0.3)
    let gradients = Self.gradients(workspace, Self.parameters, seed: seed)
    func loss(_ parameters: [Float]) -> Double {
      workspace.forward(parameters, dropoutSeed: seed)
      return workspace.output.numbers.reduce(0.0) { $0 + Double($1) * Double($1) }
    }
    for index in Self.parameters.indices {
      var above = Self.parameters
      var below = Self.parameters
      above[index] += 0.01
      below[index] -= 0.01
      let slope = (loss(above) - loss(below)) / Double(above[index] - below[index])
      #expect(abs(slope - Double(gradients[index])) < 2e-4, "parameter \(index)")
    }
  }

  @Test("sigmoid and tanh are exact to two units in the last place")
  func activationsAreExact() {
    let arguments = (-2000...2000).map { Float($0) * 0.0101 } + [1e-20, -1e-6, 100, -100]
    var sigmoids = arguments
    var tangents = arguments
    neural_sigmoid(arguments.count, arguments, &sigmoids)
    neural_tanh(arguments.count, arguments, &tangents)
    for (index, argument) in arguments.enumerated() {
      let sigmoid = 1 / (1 + exp(-Double(argument)))
      // Below 1e-37 floats end.
      if sigmoid > 1e-37 { #expect(abs(Double(sigmoids[index]) - sigmoid) <= 4e-7 * sigmoid, "\(argument)") }
      let tangent = tanh(Double(argument))
      #expect(abs(Double(tangents[index]) - tangent) <= 4e-7 * abs(tangent), "\(argument)")
    }
  }

  @Test("products are the same with and without the library", arguments: [(0, 0), (1, 0), (0, 1)])
  func productsAgree(transposed: (left: Int32, right: Int32)) {
    let (m, n, k) = (5, 37, 130)
    var noise = SeededNoise(2)
    let left = (0..<m * k).map { _ in Float(noise.uniform() - 0.5) }
    let right = (0..<k * n).map { _ in Float(noise.uniform() - 0.5) }
    for beta: Float in [0, 1] {
      var result = [Float](repeating: 2, count: m * n)
      var library = result
      neural_multiply(0, transposed.left, transposed.right, 5, 37, 130, left, right, beta, &result)
      neural_multiply(1, transposed.left, transposed.right, 5, 37, 130, left, right, beta, &library)
      for row in 0..<m {
        for column in 0..<n {
          var sum = Double(2 * beta)
          for index in 0..<k {
            sum += Double(
              left[transposed.left == 1 ? index * m + row : row * k + index]
                * right[transposed.right == 1 ? column * k + index : index * n + column])
          }
          #expect(abs(Double(result[row * n + column]) - sum) < 1e-5)
          #expect(abs(Double(library[row * n + column]) - sum) < 1e-5)
        }
      }
    }
  }

  @Test("dropout zeroes its share and keeps the mean")
  func dropoutKeepsTheMean() {
    let ones = [Float](repeating: 1, count: 20_000)
    var kept = ones
    neural_dropout(ones.count, ones, &kept, 0.2, 99)
    let zeroes = kept.filter { $0 == 0 }.count
    #expect(abs(zeroes - 4000) < 250)
    #expect(kept.allSatisfy { $0 == 0 || $0 == 1.25 })
  }
}
