import Outlook
import Rules

extension Sidecar.Plan {
  /// Gives the named models of rules the calendar of the block `forecasting`.
  ///
  /// - Throws: `YAMLError` with the place of what is wrong in the block, or what is wrong in a calendar file.
  mutating func attachCalendar(at now: Int64) throws {
    let outlook = try OutlookConfiguration(configuration.forecasting, folder: configuration.folder)
    let calendar = try outlook.specialDays(at: now)
    let identity = outlook.calendarIdentity
    for index in rules.indices { rules[index].attachCalendar(calendar, identity: identity) }
  }
}

extension Sidecar {
  /// What a plan's configuration says of the calendar and of the forecasts of demand and resources.
  ///
  /// - Throws: `YAMLError` with the place of what is wrong in the block `forecasting`, or what is wrong in a calendar file.
  static func outlookConfiguration(_ plan: Plan, at now: Int64) throws -> OutlookConfiguration {
    let configuration = try OutlookConfiguration(plan.configuration.forecasting, folder: plan.configuration.folder)
    // A file that cannot be read is said at once, not an hour later.
    _ = try configuration.calendar(at: now)
    return configuration
  }
}
