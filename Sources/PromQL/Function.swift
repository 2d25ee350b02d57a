/// The functions of the language: Prometheus's, and the predictions.
public enum Function: String, Sendable, Hashable, CaseIterable {
  case abs, absent, acos, acosh, asin, asinh, atan, atanh, ceil, changes, clamp, cos, cosh, deg, delta, deriv, end
  case exp, floor, hour, idelta, increase, info, irate, ln, log2, log10, minute, month, pi, rad, range, rate, resets
  case round, scalar, sgn, sin, sinh, sort, sqrt, start, step, tan, tanh, time, timestamp, vector, year
  case absentOverTime = "absent_over_time"
  case avgOverTime = "avg_over_time"
  case clampMax = "clamp_max"
  case clampMin = "clamp_min"
  case countOverTime = "count_over_time"
  case dayOfMonth = "day_of_month"
  case dayOfWeek = "day_of_week"
  case dayOfYear = "day_of_year"
  case daysInMonth = "days_in_month"
  case doubleExponentialSmoothing = "double_exponential_smoothing"
  case firstOverTime = "first_over_time"
  case histogramAvg = "histogram_avg"
  case histogramCount = "histogram_count"
  case histogramFraction = "histogram_fraction"
  case histogramQuantile = "histogram_quantile"
  case histogramQuantiles = "histogram_quantiles"
  case histogramStddev = "histogram_stddev"
  case histogramStdvar = "histogram_stdvar"
  case histogramSum = "histogram_sum"
  case labelJoin = "label_join"
  case labelReplace = "label_replace"
  case lastOverTime = "last_over_time"
  case madOverTime = "mad_over_time"
  case maxOf = "max_of"
  case maxOverTime = "max_over_time"
  case minOf = "min_of"
  case minOverTime = "min_over_time"
  case predictLinear = "predict_linear"
  case presentOverTime = "present_over_time"
  case quantileOverTime = "quantile_over_time"
  case sortByLabel = "sort_by_label"
  case sortByLabelDescending = "sort_by_label_desc"
  case sortDescending = "sort_desc"
  case startTimestamp = "start_timestamp"
  case stddevOverTime = "stddev_over_time"
  case stdvarOverTime = "stdvar_over_time"
  case sumOverTime = "sum_over_time"
  case timestampOfFirstOverTime = "ts_of_first_over_time"
  case timestampOfLastOverTime = "ts_of_last_over_time"
  case timestampOfMaxOverTime = "ts_of_max_over_time"
  case timestampOfMinOverTime = "ts_of_min_over_time"
  case anomalyScore = "anomaly_score"
  case forecast
  case forecastQuantile = "forecast_quantile"
  case timeToThreshold = "time_to_threshold"
}

/// The types of a function's arguments and of its result.
public struct FunctionSignature: Sendable {
  /// The types of its arguments, in order.
  public var arguments: [ValueType]
  /// How many arguments beyond the fixed ones may follow: 0 none, -1 any number. If not 0, the last
  /// of ``arguments`` is the optional one.
  public var variadic = 0
  /// The type of its value.
  public var result: ValueType = .vector
  var isExperimental = false
}

extension Function {
  /// The name in queries.
  public var name: String { rawValue }

  /// The types of arguments and result.
  public var signature: FunctionSignature {
    switch self {
    case .abs, .absent, .acos, .acosh, .asin, .asinh, .atan, .atanh, .ceil, .cos, .cosh, .deg, .exp, .floor, .ln,
      .log2, .log10, .rad, .sgn, .sin, .sinh, .sort, .sortDescending, .sqrt, .tan, .tanh, .timestamp, .histogramAvg,
      .histogramCount, .histogramSum, .histogramStddev, .histogramStdvar:
      FunctionSignature(arguments: [.vector])
    case .absentOverTime, .avgOverTime, .changes, .countOverTime, .delta, .deriv, .idelta, .increase, .irate,
      .lastOverTime,
      .maxOverTime, .minOverTime, .presentOverTime, .rate, .resets, .stddevOverTime,
      .stdvarOverTime, .sumOverTime, .anomalyScore:
      FunctionSignature(arguments: [.matrix])
    case .startTimestamp: FunctionSignature(arguments: [.vector], isExperimental: true)
    case .firstOverTime, .madOverTime, .timestampOfFirstOverTime, .timestampOfLastOverTime, .timestampOfMaxOverTime,
      .timestampOfMinOverTime:
      FunctionSignature(arguments: [.matrix], isExperimental: true)
    case .clamp: FunctionSignature(arguments: [.vector, .scalar, .scalar])
    case .clampMax, .clampMin: FunctionSignature(arguments: [.vector, .scalar])
    case .round: FunctionSignature(arguments: [.vector, .scalar], variadic: 1)
    case .dayOfMonth, .dayOfWeek, .dayOfYear, .daysInMonth, .hour, .minute, .month, .year:
      FunctionSignature(arguments: [.vector], variadic: 1)
    case .end, .range, .start, .step: FunctionSignature(arguments: [], result: .scalar, isExperimental: true)
    case .maxOf, .minOf: FunctionSignature(arguments: [.scalar, .scalar], result: .scalar, isExperimental: true)
    case .pi, .time: FunctionSignature(arguments: [], result: .scalar)
    case .scalar: FunctionSignature(arguments: [.vector], result: .scalar)
    case .vector: FunctionSignature(arguments: [.scalar])
    case .doubleExponentialSmoothing:
      FunctionSignature(arguments: [.matrix, .scalar, .scalar], isExperimental: true)
    case .histogramFraction: FunctionSignature(arguments: [.scalar, .scalar, .vector])
    case .histogramQuantile: FunctionSignature(arguments: [.scalar, .vector])
    case .histogramQuantiles:
      FunctionSignature(arguments: [.vector, .string, .scalar, .scalar], variadic: 9, isExperimental: true)
    case .info: FunctionSignature(arguments: [.vector, .vector], variadic: 1, isExperimental: true)
    case .labelJoin: FunctionSignature(arguments: [.vector, .string, .string, .string], variadic: -1)
    case .labelReplace: FunctionSignature(arguments: [.vector, .string, .string, .string, .string])
    case .predictLinear, .forecast, .timeToThreshold: FunctionSignature(arguments: [.matrix, .scalar])
    case .forecastQuantile: FunctionSignature(arguments: [.scalar, .matrix, .scalar])
    case .quantileOverTime: FunctionSignature(arguments: [.scalar, .matrix])
    case .sortByLabel, .sortByLabelDescending:
      FunctionSignature(arguments: [.vector, .string], variadic: -1, isExperimental: true)
    }
  }

  /// Whether the function must be enabled in ``QueryOptions``.
  public var isExperimental: Bool { signature.isExperimental }
}
