/// Reads the service records out of a name server's answer (RFC 1035, section 4; RFC 2782).
struct ServiceAnswer {
  private let message: [UInt8]
  private var position = 0

  init(_ message: [UInt8]) { self.message = message }

  /// The service records, or nil if the message is malformed.
  mutating func records() -> [ServiceRecord]? {
    position = 4
    guard let questions = number16(), let answers = number16() else { return nil }
    position = 12
    for _ in 0..<questions {
      guard name() != nil else { return nil }
      position += 4
    }
    var records: [ServiceRecord] = []
    for _ in 0..<answers {
      guard name() != nil, let type = number16() else { return nil }
      position += 6
      guard let length = number16(), position + length <= message.count else { return nil }
      let next = position + length
      if type == 33 {
        position += 4
        guard let port = number16(), let host = name() else { return nil }
        records.append(ServiceRecord(host: host, port: port))
      }
      position = next
    }
    return records
  }

  private mutating func number16() -> Int? {
    guard position + 2 <= message.count else { return nil }
    defer { position += 2 }
    return Int(message[position]) << 8 | Int(message[position + 1])
  }

  /// A domain name at the position, pointers followed; at most 255 bytes, so that a loop of pointers ends.
  private mutating func name() -> String? {
    var labels: [String] = []
    var length = 0
    var index = position
    var end: Int?
    var jumps = 0
    while index < message.count {
      let size = Int(message[index])
      switch size >> 6 {
      case 0:
        index += 1
        if size == 0 {
          position = end ?? index
          return labels.joined(separator: ".")
        }
        length += size + 1
        guard index + size <= message.count, length <= 255 else { return nil }
        labels.append(String(decoding: message[index..<(index + size)], as: UTF8.self))
        index += size
      case 3:
        guard index + 1 < message.count, jumps < 64 else { return nil }
        if end == nil { end = index + 2 }
        jumps += 1
        index = (size & 0x3f) << 8 | Int(message[index + 1])
      default:
        return nil
      }
    }
    return nil
  }
}
