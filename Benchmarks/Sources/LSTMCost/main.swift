@_spi(Benchmarks) import Forecasting

// CPU seconds of one pass over 2,016 points by the guide's network: lookback 60, layers of 100, 100 and 50, batches of 32.
let passes = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5
for line in LSTMBenchmark.run(passes: passes, usesBLAS: !CommandLine.arguments.contains("--plain")) { print(line) }
