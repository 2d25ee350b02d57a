import Hummingbird
import TimeSeries

/// The links that alerts carry, `/graph?g0.expr=…`, lead to the numbers behind them.
struct GraphLink: Sendable {
  let time: any TimeSource

  func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/graph") { [time] request, _ in
      let parameters = RequestParameters(request.uri.query ?? "")
      guard let expression = parameters["g0.expr"] else {
        return Response.redirect(to: "./", type: .found)
      }
      let isTable = parameters["g0.tab"] == "1"
      return Response.redirect(to: Self.target(expression, isTable: isTable, now: time.now()), type: .found)
    }
  }

  /// The query behind a link, relative to it: the value now, or from an hour ago to a day ahead, which is where forecasts are.
  static func target(_ expression: String, isTable: Bool, now: Int64) -> String {
    let query = "query=" + escaped(expression)
    if isTable { return "api/v1/query?" + query }
    let seconds = now / 1000
    return "api/v1/query_range?\(query)&start=\(seconds - 3600)&end=\(seconds + 86_400)&step=300"
  }

  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var result = ""
    for byte in text.utf8 {
      let character = Character(UnicodeScalar(byte))
      if byte < 128, character.isLetter || character.isNumber || "-._~".contains(character) {
        result.append(character)
      } else {
        result += "%" + String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      }
    }
    return result
  }
}
