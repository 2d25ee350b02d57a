import TimeSeries

/// The series that are written back into the store, by name.
public enum OutlookSeries {
  static let demand = "harecast_demand_forecast"
  static let demandCurve = "harecast_demand_forecast_curve"
  static let peakTime = "harecast_demand_peak_timestamp_seconds"
  static let peak = "harecast_demand_peak_forecast"
  static let patternDays = "harecast_demand_pattern_days"
  static let patternToday = "harecast_demand_pattern_today"
  static let demandError = "harecast_demand_mean_absolute_error"
  static let demandFit = "harecast_demand_r_squared"
  static let demandSkill = "harecast_demand_skill"
  static let resource = "harecast_resource_forecast"
  static let resourceCurve = "harecast_resource_forecast_curve"
  static let resourceError = "harecast_resource_mean_absolute_error"
  static let resourceFit = "harecast_resource_r_squared"
  static let resourceSkill = "harecast_resource_skill"
  static let importance = "harecast_resource_feature_importance"
  static let holiday = "harecast_calendar_holiday"
  static let event = "harecast_calendar_event"
  static let businessHour = "harecast_calendar_business_hour"
  static let peakHour = "harecast_calendar_peak_hour"
  static let covered = "harecast_calendar_year_covered"

  /// Type and help of each.
  public static let metadata: [String: MetricMetadata] = [
    demand: "What a signal of demand will be after the horizon, at quantile q.",
    demandCurve: "The whole curve of a demand forecast at quantile q, at future times.",
    peakTime: "When the highest demand of the next day is expected, in Unix seconds.",
    peak: "The highest demand that is expected within a day, at quantile q.",
    patternDays: "Days of the history that were of a kind (pattern 1 is the most frequent one).",
    patternToday: "1 for the kind of day that today has been like so far, 0 for the others.",
    demandError: "Mean absolute error of the newest demand forecasts at the horizon.",
    demandFit: "Share of the variance of demand that the forecasts at the horizon foretold.",
    demandSkill: "One minus the ratio of the demand forecasts' error to that of the same time a week before.",
    resource: "What a resource will be after the horizon, at quantile q.",
    resourceCurve: "The whole curve of a resource prediction at quantile q, at future times.",
    resourceError: "Mean absolute error of resource predictions at the horizon on values that were not learnt from.",
    resourceFit: "Share of the variance of a resource that predictions at the horizon foretold.",
    resourceSkill: "One minus the ratio of the resource predictions' error to that of no change.",
    importance: "Share of each of the ten weightiest features in the prediction of a resource.",
    holiday: "1 on public holidays of the country that is configured, with their name.",
    event: "1 while an event of the calendars or of the configuration is on.",
    businessHour: "1 in business hours, else 0.",
    peakHour: "1 in peak hours, else 0.",
    covered: "1 while the table of holidays covers the present year, else 0.",
  ].mapValues { MetricMetadata(type: .gauge, help: $0) }
}
