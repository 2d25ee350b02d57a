import HTTPFetch
import HarecastTestKit
import Testing
import TimeSeries

@testable import Delivery

@Suite("What an Alertmanager has not been told yet")
struct AlertQueueTests {
  /// An alert named `name` that fires until `end` (seconds), or that has ended then.
  static func alert(_ name: String, until end: Int64 = 300) -> OutgoingAlert {
    OutgoingAlert(
      labels: Labels(["alertname": name]), annotations: .empty, startsAt: 0, endsAt: end * 1000, generatorURL: "")
  }

  private func names(_ step: AlertQueue.Step) -> [String]? {
    guard case .send(let alerts) = step else { return nil }
    return alerts.map { $0.labels["alertname"] ?? "" }
  }

  @Test func `alerts leave in the order in which they came, in batches, one at a time`() {
    var queue = AlertQueue(batchSize: 2)
    #expect(queue.next(at: 0) == .rest)
    #expect(queue.add(["a", "b", "c"].map { Self.alert($0) }) == 0)
    #expect(names(queue.next(at: 0)) == ["a", "b"])
    #expect(queue.next(at: 0) == .rest, "a batch is under way")
    #expect(queue.count == 3)
    #expect(queue.finished(.delivered, at: 10) == 0)
    #expect(names(queue.next(at: 10)) == ["c"])
    _ = queue.finished(.delivered, at: 20)
    #expect(queue.count == 0)
  }

  @Test func `only the newest state of an alert waits, in the place of the first`() {
    var queue = AlertQueue()
    _ = queue.add([Self.alert("a", until: 300), Self.alert("b")])
    _ = queue.add([Self.alert("a", until: 20)])
    #expect(queue.next(at: 0) == .send([Self.alert("a", until: 20), Self.alert("b")]))
  }

  @Test func `what failed is sent again after a pause that doubles up to half a minute`() {
    var queue = AlertQueue()
    _ = queue.add([Self.alert("a")])
    var now: Int64 = 0
    for pause: Int64 in [1, 2, 4, 8, 16, 30, 30] {
      #expect(names(queue.next(at: now)) == ["a"])
      _ = queue.finished(.failed(pause: nil), at: now)
      #expect(queue.next(at: now) == .wait(until: now + pause * 1000))
      now += pause * 1000
    }
    #expect(names(queue.next(at: now)) == ["a"])
    _ = queue.finished(.delivered, at: now)
    #expect(!queue.isFailing)
  }

  @Test func `a server's own wish for a longer pause is granted`() {
    var queue = AlertQueue()
    _ = queue.add([Self.alert("a")])
    _ = queue.next(at: 0)
    _ = queue.finished(.failed(pause: 120_000), at: 0)
    #expect(queue.next(at: 119_999) == .wait(until: 120_000))
  }

  @Test func `a state that came while an older one failed replaces it`() {
    var queue = AlertQueue()
    _ = queue.add([Self.alert("a", until: 300), Self.alert("b")])
    _ = queue.next(at: 0)
    _ = queue.add([Self.alert("c"), Self.alert("a", until: 20)])
    _ = queue.finished(.failed(pause: nil), at: 0)
    #expect(queue.count == 3)
    // b goes back to the front; a stands where its newer state came in.
    #expect(queue.next(at: 1000) == .send([Self.alert("b"), Self.alert("c"), Self.alert("a", until: 20)]))
  }

  @Test func `over its capacity it drops the oldest and says how many`() {
    var queue = AlertQueue(capacity: 3, batchSize: 10)
    #expect(queue.add(["a", "b", "c", "d", "e"].map { Self.alert($0) }) == 2)
    #expect(names(queue.next(at: 0)) == ["c", "d", "e"])
    #expect(queue.add(["f", "g"].map { Self.alert($0) }) == 0)
    #expect(queue.finished(.failed(pause: nil), at: 0) == 2, "there is no room for c and d any more")
    #expect(names(queue.next(at: 1000)) == ["e", "f", "g"])
  }

  @Test func `what is refused is not sent again`() {
    var queue = AlertQueue()
    _ = queue.add([Self.alert("a"), Self.alert("b")])
    _ = queue.next(at: 0)
    #expect(queue.finished(.refused, at: 0) == 2)
    #expect(queue.next(at: 0) == .rest)
  }

  @Test func `a batch that is too large is halved, and one alert that is too large given up`() {
    var queue = AlertQueue(batchSize: 4)
    _ = queue.add(["a", "b", "c"].map { Self.alert($0) })
    _ = queue.next(at: 0)
    #expect(queue.finished(.tooLarge, at: 0) == 0)
    #expect(names(queue.next(at: 0)) == ["a"])
    #expect(queue.finished(.tooLarge, at: 0) == 1)
    #expect(names(queue.next(at: 0)) == ["b"])
  }

  @Test func `at the end nobody waits for a server that fails`() {
    var queue = AlertQueue()
    _ = queue.add([Self.alert("a")])
    _ = queue.next(at: 0)
    _ = queue.finished(.failed(pause: nil), at: 0)
    #expect(names(queue.next(at: 1, hurry: true)) == ["a"])
  }

  /// An Alertmanager that is away for ten minutes, while one alert goes on firing, one ends, one begins, and one begins
  /// and ends; rules tell of each every minute, as they do.
  @Test func `after ten minutes of silence every alert's newest state arrives, and nothing twice`() async {
    let time = ManualTime(0)
    var queue = AlertQueue()
    var held: [String: OutgoingAlert] = [:]
    var requests = 0
    func isDown() -> Bool { time.now() >= 60_000 && time.now() < 660_000 }
    for second in Int64(0)...720 {
      time.advance(to: second * 1000)
      if second % 60 == 0 {
        _ = queue.add([Self.alert("firing", until: second + 240)])
        _ = queue.add([Self.alert("ends", until: second < 300 ? second + 240 : 300)])
        if second >= 420 { _ = queue.add([Self.alert("begins", until: second + 240)]) }
        if second >= 120 { _ = queue.add([Self.alert("short", until: second < 240 ? second + 240 : 240)]) }
      }
      while case .send(let alerts) = queue.next(at: time.now()) {
        requests += 1
        if isDown() {
          _ = queue.finished(.failed(pause: nil), at: time.now())
        } else {
          for alert in alerts { held[alert.labels["alertname"] ?? ""] = alert }
          #expect(Set(alerts.map(\.labels)).count == alerts.count)
          _ = queue.finished(.delivered, at: time.now())
        }
      }
      if second == 700 {
        #expect(queue.count == 0, "it was back at 660 s, and is asked at least every 30 s")
        #expect(held.mapValues { $0.endsAt / 1000 } == ["firing": 900, "ends": 300, "begins": 900, "short": 240])
      }
    }
    // 1 before; at 60 s and after pauses of 1, 2, 4, 8, 16 s, then every 30 s: 6 + 18; then the minutes 660 to 720.
    #expect((20...30).contains(requests))
  }
}
