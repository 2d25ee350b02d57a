import TimeSeries

extension RuleFile {
  /// The rules of the file that have the name and the labels of another one, each once, in order of their names.
  public var repeatedRules: [(name: String, labels: Labels)] {
    let all = groups.flatMap { $0.rules.map { (name: $0.name, labels: Labels($0.labels)) } }
      .sorted { ($0.name, $0.labels) < ($1.name, $1.labels) }
    var result: [(name: String, labels: Labels)] = []
    for (rule, next) in zip(all, all.dropFirst()) where rule == next {
      if result.last.map({ $0 != rule }) ?? true { result.append(rule) }
    }
    return result
  }
}
