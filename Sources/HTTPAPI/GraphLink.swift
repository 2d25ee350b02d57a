import Hummingbird
import TimeSeries

/// The links that alerts carry, `/graph?g0.expr=…`, lead to what is behind them: the curve of a forecast is drawn on the
/// page, anything else is answered in numbers.
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
    if !isTable, isCurve(expression) { return "./?g0.expr=\(escaped(expression))#forecasts-title" }
    if isTable { return "api/v1/query?" + query }
    let seconds = now / 1000
    return "api/v1/query_range?\(query)&start=\(seconds - 3600)&end=\(seconds + 86_400)&step=300"
  }

  /// Whether the expression is the curve of a rule's forecast, which the page can draw.
  private static func isCurve(_ expression: String) -> Bool {
    let name = expression.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    let rest = expression[name.endIndex...]
    return name.hasSuffix("_forecast_curve") && (rest.isEmpty || (rest.hasPrefix("{") && rest.hasSuffix("}")))
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
