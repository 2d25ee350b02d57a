import Forecasting
import TimeSeries

/// A forecast of one signal, and how good such forecasts have been.
public struct Outlook: Sendable {
  /// The name of the signal, such as `publish_rate` or `memory`.
  public var signal: String
  public var labels: Labels
  public var distribution: ForecastDistribution
  /// Text such as `1h` and position in the distribution, for the horizons that are exported.
  public var horizons: [(text: String, index: Int)]
  /// At each of `horizons`.
  public var records: [ForecastRecord?]
  /// For demand: when the highest value of the next day is expected, and its position in the distribution.
  public var peak: Int?
  /// For demand: the kinds of days that the signal knows, and which of them today is like.
  public var patterns: DemandPatterns?
  public var today: DemandPatterns.Likeness?
  /// For resources: the weightiest features.
  public var importances: [(name: String, share: Double)] = []
  /// For resources: trainings so far by reason.
  public var trainings: [String: Int] = [:]

  static let quantiles = [0.025, 0.1, 0.5, 0.9, 0.975]
}

/// What the calendar says of now and of the days to come.
public struct CalendarOutlook: Sendable {
  public var zone: String
  public var country: String?
  public var isBusinessHour: Bool
  public var isPeakHour: Bool
  public var holiday: String?
  public var events: [String]
  /// The next holidays: days since 1970 and names.
  public var nextHolidays: [(day: Int, name: String)]
  /// The next events, ascending by start.
  public var nextEvents: [ForecastCalendar.Event]
  /// Whether the table of holidays covers the present year; nil without a country.
  public var isCovered: Bool?

  init(_ configuration: OutlookConfiguration, _ calendar: BusinessCalendar, at now: Int64) {
    let moment = calendar.moment(at: now)
    zone = configuration.zone
    country = configuration.holidays?.country
    isBusinessHour = moment.isBusinessHour
    isPeakHour = moment.isPeakHour
    holiday = moment.holiday
    events = moment.events
    nextHolidays = (1...366).lazy.compactMap { ahead in
      calendar.holidays?.name(onDay: moment.day + ahead).map { (moment.day + ahead, $0) }
    }.prefix(10).map { $0 }
    nextEvents = Array(calendar.clock.events.lazy.filter { $0.start > now }.prefix(10))
    isCovered = configuration.holidays.map { $0.covers(day: moment.day) }
  }
}
