import ArgumentParser
import Logging

/// The flags that `serve` and `demo` share, named as Prometheus names them.
struct ServerOptions: ParsableArguments {
  @Option(name: .customLong("web.listen-address"), help: "Address and port of the HTTP server.")
  var listenAddress = "0.0.0.0:15693"

  @Flag(name: .customLong("web.enable-lifecycle"), help: "Allow POST /-/reload.")
  var enableLifecycle = false

  @Option(name: .customLong("log.level"), help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel: Logger.Level = .info

  @Option(name: .customLong("log.format"), help: "logfmt or json.")
  var logFormat: LogFormat = .logfmt

  /// Host and port to listen on; an empty host is every address.
  func address() throws -> (host: String, port: Int) {
    guard let colon = listenAddress.lastIndex(of: ":"),
      let port = Int(listenAddress[listenAddress.index(after: colon)...]), (0...65_535).contains(port)
    else {
      throw ValidationError("--web.listen-address: \"\(listenAddress)\" is not HOST:PORT")
    }
    let host = listenAddress[..<colon].trimmingPrefix("[").prefix { $0 != "]" }
    return (host.isEmpty ? "0.0.0.0" : String(host), port)
  }

  /// A logger for `component`.
  func logger(_ component: String) -> Logger {
    let (level, format) = (logLevel, logFormat)
    return Logger(label: component) { StructuredLogHandler(label: $0, format: format, logLevel: level) }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
