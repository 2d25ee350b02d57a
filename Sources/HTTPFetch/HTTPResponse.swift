/// What a server answered: the last response, after redirects.
public struct HTTPResponse: Sendable {
  /// The status code, for instance 200.
  public var status: Int
  /// The header fields in their order.
  public var headers: [HTTPHeader]
  public var body: [UInt8]
  /// Seconds from the start of the request to the end of the body.
  public var duration: Double
  /// Whether a connection that was open already was used.
  public var reusedConnection: Bool

  public init(
    status: Int, headers: [HTTPHeader] = [], body: [UInt8] = [], duration: Double = 0, reusedConnection: Bool = false
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.duration = duration
    self.reusedConnection = reusedConnection
  }

  /// The value of the first field of this name, in whatever case.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}
