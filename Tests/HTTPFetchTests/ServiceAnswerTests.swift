import Testing

@testable import HTTPFetch

@Suite("Answers of name servers")
struct ServiceAnswerTests {
  /// Header with one question and `answers` answers, then the question `_h._tcp.x` of type SRV, class IN.
  func message(answers: UInt8, _ rest: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0, 1, 0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0]
    let question: [UInt8] = [2, 0x5f, 0x68, 4, 0x5f, 0x74, 0x63, 0x70, 1, 0x78, 0, 0, 33, 0, 1]
    return header + question + rest
  }

  /// A record whose name points to the question, of the type given.
  func record(type: UInt8, _ data: [UInt8]) -> [UInt8] {
    [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
  }

  @Test("service records give host and port; other records are passed over")
  func services() {
    // Priority 10, weight 5, port 15692, host "a" followed by a pointer to "x" at offset 20.
    let first = record(type: 33, [0, 10, 0, 5, 0x3d, 0x4c, 1, 0x61, 0xc0, 20])
    let alias = record(type: 5, [1, 0x79, 0])
    let second = record(type: 33, [0, 0, 0, 0, 0, 80, 1, 0x62, 0])
    var answer = ServiceAnswer(message(answers: 3, first + alias + second))
    #expect(answer.records() == [ServiceRecord(host: "a.x", port: 15692), ServiceRecord(host: "b", port: 80)])
  }

  @Test("pointers that go round in circles are malformed")
  func loops() {
    let looping = record(type: 33, [0, 0, 0, 0, 0, 80, 0xc0, 45])
    var answer = ServiceAnswer(message(answers: 1, looping))
    #expect(answer.records() == nil)
  }

  @Test("a message cut anywhere is malformed and never read past its end")
  func cut() {
    let whole = message(answers: 1, record(type: 33, [0, 10, 0, 5, 0x3d, 0x4c, 1, 0x61, 0xc0, 20]))
    for length in 0..<whole.count {
      var answer = ServiceAnswer(Array(whole[..<length]))
      #expect(answer.records() == nil)
    }
  }

  @Test("random bytes never bring the reader down")
  func random() {
    var state: UInt64 = 88_172_645_463_325_252
    for _ in 0..<5000 {
      let bytes = (0..<80).map { _ -> UInt8 in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
      }
      var answer = ServiceAnswer(bytes)
      _ = answer.records()
    }
  }
}
