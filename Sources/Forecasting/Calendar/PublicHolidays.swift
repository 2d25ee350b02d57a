/// The days on which a country rests.
///
/// National holidays, those moved to a working day among them; what only a state or a canton keeps is not known. The
/// table is made from the source that ``source`` names.
public struct PublicHolidays: Sendable, Equatable {
  /// ISO 3166 code, for instance `DE`.
  public let country: String
  /// The English name of the country.
  public let countryName: String
  /// The years that the table covers for this country; days outside are never holidays.
  public let years: ClosedRange<Int>
  /// The days of the week on which most people do not work; Monday is 0.
  public let weekend: Set<Int>
  /// By days since 1970.
  private let names: [Int32: String]

  /// Where the table comes from, with its version.
  public static var source: String { HolidayData.source }

  /// The codes of the countries in the table, sorted.
  public static var countries: [String] { HolidayData.countries.keys.sorted() }

  /// The holidays of a country by its code, in any case; nil if it is not in the table.
  ///
  /// - Complexity: O(holidays of the country), about 300.
  public init?(country code: String) {
    let code = code.uppercased()
    guard let data = HolidayData.countries[code] else { return nil }
    country = code
    countryName = data.name
    years = data.years
    weekend = Set(data.weekend.compactMap(\.wholeNumberValue))
    var names: [Int32: String] = [:]
    for line in data.lines.split(separator: "\n") {
      let parts = line.split(separator: "|", maxSplits: 1)
      guard parts.count == 2 else { continue }
      for word in parts[1].split(separator: " ") {
        guard let number = Int(word) else { continue }
        let holdsAlways = word.utf8.count == 4
        for year in holdsAlways ? data.years : 2000 + number / 10_000...2000 + number / 10_000 {
          let date = CivilDate(year: year, month: number / 100 % 100, day: number % 100)
          names[Int32(date.dayNumber), default: ""] += (names[Int32(date.dayNumber)] == nil ? "" : "; ") + parts[0]
        }
      }
    }
    self.names = names
  }

  /// The name of the holiday on a day counted from 1970-01-01, or nil on other days.
  ///
  /// - Complexity: O(1).
  public func name(onDay day: Int) -> String? { Int32(exactly: day).flatMap { names[$0] } }

  /// Whether the table covers the year of a day counted from 1970-01-01.
  public func covers(day: Int) -> Bool { years.contains(CivilDate(dayNumber: day).year) }
}
