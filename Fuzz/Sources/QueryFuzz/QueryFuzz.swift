import FuzzerLoop
import PromQL

/// Feeds queries to lexer, parser, type checker and both printers: what is accepted must print to something that is
/// accepted and prints the same again.
@main
enum QueryFuzz {
  static func main() {
    fuzz { start, count in
      check(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
      return 0
    }
  }
}

private let engine: QueryEngine = {
  var options = QueryOptions()
  options.experimentalFunctions = true
  options.fillModifiers = true
  return QueryEngine(options: options)
}()

private func check(_ query: String) {
  _ = try? engine.parseMatchers(query)
  let expression: Expression
  do {
    expression = try engine.parse(query)
  } catch {
    _ = error.description
    return
  }
  let printed = expression.description
  for text in [printed, expression.formatted] {
    do {
      let again = try engine.parse(text).description
      // Infinity is printed with its sign, as Prometheus does, and `^` binds closer than a sign.
      if again != printed && !printed.contains("+Inf ^") {
        preconditionFailure("\(query) printed as \(text) becomes \(again)")
      }
    } catch {
      preconditionFailure("\(query) printed as \(text) fails: \(error)")
    }
  }
}
