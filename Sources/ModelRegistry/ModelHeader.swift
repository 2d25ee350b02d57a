import Foundation
import TimeSeries

/// What a model file says about itself, as JSON.
public struct ModelHeader: Sendable, Equatable, Codable {
  /// The name under which the model is served.
  public var name: String
  /// The kind of model, as rule files name it.
  public var model: String
  /// What differs from the model's defaults.
  public var settings: [String: String]
  /// The expression or the file that the history came from.
  public var query: String
  /// The expressions or columns of the signals that the model looks at beside its own, in their order; nil for none.
  public var companions: [String]?
  /// The distance of two values, in milliseconds.
  public var step: Int64
  /// The time of the first value and of the last, in UTC milliseconds.
  public var trainedFrom: Int64
  public var trainedThrough: Int64
  /// When the file was made, in UTC milliseconds.
  public var created: Int64
  /// The version of Harecast that made it.
  public var harecast: String
  /// Errors on the held-out tail, over all series.
  public var metrics: [String: Double]
  /// One model for each series, in the order of their states.
  public var series: [Series]

  /// One series and its model.
  public struct Series: Sendable, Equatable, Codable {
    public var labels: [String: String]
    /// How many values were learnt that were not missing.
    public var observations: Int
    /// The length of the state in bytes.
    public var bytes: Int
    /// Errors on the held-out tail.
    public var metrics: [String: Double]
    /// How much each feature mattered, most important first; empty where the model has none.
    public var importances: [Importance]

    public init(
      labels: [String: String], observations: Int, bytes: Int, metrics: [String: Double],
      importances: [Importance] = []
    ) {
      self.labels = labels
      self.observations = observations
      self.bytes = bytes
      self.metrics = metrics
      self.importances = importances
    }
  }

  /// How much a feature matters to what the model does.
  public struct Importance: Sendable, Equatable, Codable {
    public var feature: String
    /// Its share in what the model was grown by.
    public var share: Double
    /// By how much the mean absolute error on the held-out tail rises when the feature is shuffled, in the unit of the
    /// signal; nil where nothing was held out.
    public var errorRise: Double?

    public init(feature: String, share: Double, errorRise: Double? = nil) {
      self.feature = feature
      self.share = share
      self.errorRise = errorRise.flatMap { $0.isFinite ? $0 : nil }
    }

    enum CodingKeys: String, CodingKey {
      case feature, share
      case errorRise = "error_rise"
    }
  }

  enum CodingKeys: String, CodingKey {
    case name, model, settings, query, companions, harecast, metrics, series
    case created = "created_ms"
    case step = "step_ms"
    case trainedFrom = "trained_from_ms"
    case trainedThrough = "trained_through_ms"
  }

  public init(
    name: String, model: String, settings: [String: String], query: String, companions: [String] = [], step: Int64,
    trainedFrom: Int64, trainedThrough: Int64, created: Int64, harecast: String, metrics: [String: Double],
    series: [Series]
  ) {
    self.name = name
    self.model = model
    self.settings = settings
    self.query = query
    self.companions = companions.isEmpty ? nil : companions
    self.step = step
    self.trainedFrom = trainedFrom
    self.trainedThrough = trainedThrough
    self.created = created
    self.harecast = harecast
    self.metrics = metrics.filter { $0.value.isFinite }
    self.series = series.map { one in
      var one = one
      // JSON has no NaN.
      one.metrics = one.metrics.filter { $0.value.isFinite }
      return one
    }
  }

  /// The header as JSON with its keys in order.
  public func json(isPretty: Bool = false) throws(ModelError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    do {
      return Array(try encoder.encode(self))
    } catch {
      throw ModelError(name, .malformed("its header cannot be written: \(error)"))
    }
  }
}
