// Sends remote-write 1.0 requests over one connection, as fast as they are answered, and says how it went.
//
//     RemoteWriteLoad PORT SERIES STEPS [PATH]
//
// Each request has up to 5,000 series with one sample. Of ten series, four are counters that grow by small whole
// numbers, two are gauges of whole numbers, two are gauges with two decimals, one is a constant and one an irrational
// number. The samples are 15 seconds apart; the last one is now.

import Glibc
import RemoteWrite
import TimeSeries

func complain(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(2, $0.baseAddress, $0.count) } }

let arguments = CommandLine.arguments
guard arguments.count >= 4, let port = UInt16(arguments[1]), let seriesCount = Int(arguments[2]),
  let steps = Int(arguments[3])
else {
  complain("usage: RemoteWriteLoad PORT SERIES STEPS [PATH]\n")
  exit(2)
}
let path = arguments.count > 4 ? arguments[4] : "/api/v1/write"

let labels = (0..<seriesCount).map { index in
  Labels(
    name: "bench_metric_\(index % 40)",
    [
      "cluster": "bench", "instance": "rabbit-\(index % 7):15692", "job": "rabbitmq",
      "queue": "orders.region-\(index % 50).worker-\(index)", "vhost": "/tenant-\(index % 20)",
    ])
}

func value(_ series: Int, _ step: Int) -> Double {
  let noise = Double((series &* 7919 &+ step &* 104_729) % 101)
  switch series % 10 {
  case 0..<4: return Double(series * 1000 + step * 30) + (noise / 20).rounded(.down)
  case 4, 5: return (noise / 4).rounded(.down)
  case 6, 7: return (noise * 13 + Double(step)) / 100
  case 8: return 4096
  default: return (noise + Double(step)).squareRoot()
  }
}

let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
var address = sockaddr_in()
address.sin_family = sa_family_t(AF_INET)
address.sin_port = port.bigEndian
address.sin_addr.s_addr = inet_addr("127.0.0.1")
let connected = withUnsafePointer(to: &address) {
  $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
    connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
  }
}
guard connected == 0 else {
  complain("no connection to port \(port)\n")
  exit(1)
}

func send(_ body: [UInt8]) -> Int {
  let head = """
    POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r
    X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: \(body.count)\r\n\r\n
    """
  let bytes = Array(head.utf8) + body
  var offset = 0
  while offset < bytes.count {
    let written = bytes.withUnsafeBytes { write(connection, $0.baseAddress.map { $0 + offset }, bytes.count - offset) }
    if written <= 0 { return 0 }
    offset += written
  }
  var answer = [UInt8](repeating: 0, count: 65_536)
  let count = read(connection, &answer, answer.count)
  guard count > 12 else { return 0 }
  return Int(String(decoding: answer[9..<12], as: UTF8.self)) ?? 0
}

let encoder = WriteRequestEncoder(protocol: .v1)
let now = SystemTime().now()
var refused = 0
for step in 0..<steps {
  let timestamp = now - Int64(steps - 1 - step) * 15_000
  for first in stride(from: 0, to: seriesCount, by: 5000) {
    let body = encoder.encode(
      (first..<min(seriesCount, first + 5000)).map {
        SeriesSamples(labels: labels[$0], timestamps: [timestamp], values: [value($0, step)])
      })
    let status = send(body)
    if status != 204 && status != 200 { refused += 1 }
  }
}
print("\(seriesCount * steps) samples sent, \(refused) requests refused")
if refused > 0 { exit(1) }
