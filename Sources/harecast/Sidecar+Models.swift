import Exposition
import Foundation
import ModelRegistry
import Rules
import Settings
import TimeSeries

extension Sidecar.Plan {
  /// Gives the rules with `model: trained:NAME` their models, each verified.
  ///
  /// - Parameter storagePath: the data folder, in which models lie unless the configuration says otherwise.
  /// - Throws: what is wrong with keys, models or rules; nothing is served then.
  mutating func attachTrainedModels(storagePath: String?) throws {
    let settings = configuration.models
    let folder = ModelFolder(settings.path ?? (storagePath ?? ".") + "/models")
    let keys = try settings.keyFiles.map { try ModelKey(file: $0) }
    trained = []
    var found: [TrainedModel] = []
    for index in rules.indices {
      try rules[index].attachTrainedModels { name in
        if let known = found.first(where: { $0.name == name }) { return known }
        let (file, _) = try folder.read(name, keys: keys)
        let model = try TrainedModel(file)
        found.append(model)
        return model
      }
    }
    trained = found
  }
}

extension TrainedModel {
  /// What a verified model file holds.
  ///
  /// - Throws: `ModelError` if two of its series would be the same to a rule.
  init(_ file: ModelFile) throws(ModelError) {
    var states: [Labels: [UInt8]] = [:]
    for (series, state) in zip(file.header.series, file.states) {
      let labels = Labels(series.labels.map { Label($0.key, $0.value) }).withoutMetricName
      guard states.updateValue(state, forKey: labels) == nil else {
        throw ModelError(file.header.name, .malformed("two of its series have the labels \(labels)"))
      }
    }
    self.init(
      name: file.header.name, digest: try file.digest, step: file.header.step, end: file.header.trainedThrough,
      companions: file.header.companions ?? [], states: states)
  }
}

extension Sidecar {
  /// Says on /metrics which trained models are in force, and until when they were trained.
  func publishTrainedModels(_ models: [TrainedModel]) {
    for model in models {
      registry.gauge(
        "harecast_trained_model_end_timestamp_seconds",
        help: "The time of the newest value that a trained model was trained on, in Unix seconds.",
        labels: ["model": model.name]
      ).set(Double(model.end) / 1000)
    }
  }
}
