import Forecasting

extension RuleFile {
  /// Gives the rules whose named models look at a calendar local time and special days.
  ///
  /// `auto` needs none, and a trained model keeps that of its training. A rule with another calendar is another rule: a
  /// reload begins anew with it.
  ///
  /// - Parameter identity: tells this calendar from another; empty for none at all.
  public mutating func attachCalendar(_ calendar: ForecastCalendar, identity: String) {
    guard !identity.isEmpty else { return }
    for group in groups.indices {
      for rule in groups[group].rules.indices {
        guard case .forecast(var block) = groups[group].rules[rule].kind, block.trainedName == nil,
          block.models != [AutoForecaster.name]
        else { continue }
        block.calendar = calendar
        groups[group].rules[rule].kind = .forecast(block)
        groups[group].rules[rule].definition += "|calendar:\(identity)"
      }
    }
  }
}
