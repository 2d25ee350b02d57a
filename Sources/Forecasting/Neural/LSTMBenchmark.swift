import CNeural
import TimeSeries

/// The work that `Benchmarks/lstm` measures against PyTorch.
@_spi(Benchmarks)
public enum LSTMBenchmark {
  /// CPU seconds of each pass over 2,016 windows of 60 steps and 4 signals, with 12 outputs and dropout.
  public static func run(passes: Int, usesBLAS: Bool) -> [Double] {
    var settings = LSTMSettings()
    settings.windowsPerEpoch = 2016
    var random = SplitMix64(seed: 7)
    let count = 2016 + settings.lookback
    let samples = LSTMSamples(
      steps: (0..<count * 4).map { _ in Float(random.uniform() - 0.5) }, inputs: 4,
      targets: (0..<count * 12).map { _ in Float(random.uniform() - 0.5) }, outputs: 12)
    let shape = LSTMNetwork.Shape(inputs: 4, layers: settings.layers, outputs: 12)
    var training = LSTMTraining(
      network: LSTMNetwork(shape: shape, seed: settings.seed), settings: settings,
      usesBLAS: usesBLAS && neural_has_blas() != 0)
    var origins = Array(settings.lookback..<count)
    return (0..<passes).map { _ in
      let started = LSTMTraining.cpuSeconds()
      _ = training.epoch(samples, origins: &origins)
      return LSTMTraining.cpuSeconds() - started
    }
  }
}
