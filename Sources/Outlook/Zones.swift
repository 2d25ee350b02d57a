import Forecasting
import Foundation
import Synchronization

/// Time zones as tables: the offsets of a zone are asked for once, not for each sample.
public enum Zones {
  /// The years whose clock changes are known; before and after, the first and the last offset hold.
  public static let years = 2000...2045

  private static let cache = Mutex<[String: ForecastCalendar]>([:])

  /// The clock of an IANA zone such as `Europe/Berlin`; nil if there is none.
  ///
  /// - Complexity: some milliseconds for the first look at a zone, then O(1).
  public static func clock(_ name: String) -> ForecastCalendar? {
    if let known = cache.withLock({ $0[name] }) { return known }
    // An abbreviation such as CST means different things in different places.
    guard name == "UTC" || name.contains("/"), name.utf8.count <= 64, let zone = TimeZone(identifier: name) else {
      return nil
    }
    let clock = table(of: zone)
    cache.withLock { $0[name] = clock }
    return clock
  }

  /// The names of the zones, without their older or newer spellings, for suggestions.
  public static var names: [String] { TimeZone.knownTimeZoneIdentifiers }

  /// Looks at every week, since no offset lasts for less, and halves the weeks in which it changes.
  private static func table(of zone: TimeZone) -> ForecastCalendar {
    func offset(_ second: Int64) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))) * 1000
    }
    let week: Int64 = 604_800
    var second = Int64(years.lowerBound - 1970) * 31_556_952
    let end = Int64(years.upperBound + 1 - 1970) * 31_556_952
    var current = offset(second)
    var transitions = [ForecastCalendar.Transition(start: .min, offset: current)]
    while second < end {
      let next = offset(second + week)
      if next != current {
        var (before, after) = (second, second + week)
        while after - before > 1 {
          let middle = (before + after) / 2
          if offset(middle) == current { before = middle } else { after = middle }
        }
        transitions.append(.init(start: after * 1000, offset: next))
        current = next
      }
      second += week
    }
    return ForecastCalendar(transitions: transitions)
  }
}
