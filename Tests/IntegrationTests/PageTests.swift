import Foundation
import HarecastTestKit
import Testing

@Suite(
  "The page in headless Chromium", .enabled(if: SupportScripts.realServersAreAvailable), .serialized,
  .timeLimit(.minutes(6)))
struct PageTests {
  private struct Look: Decodable {
    var text: String
    var width: Int
    var background: String
    var curves: Int
    var complaints: [String]
  }

  /// Where the screenshots are kept: in the build folder, which nobody commits.
  private static let folder = URL(filePath: SupportScripts.folder).appending(path: "../../.build/screenshots")
    .standardizedFileURL.path

  /// Looks at the page of `server` through a window of this size, and keeps a picture.
  private func look(_ server: HarecastServer, _ name: String, width: Int, height: Int, dark: Bool) async throws -> Look
  {
    try FileManager.default.createDirectory(atPath: Self.folder, withIntermediateDirectories: true)
    let picture = "\(Self.folder)/\(name).png"
    let scheme = dark ? ["--dark"] : []
    let answer = try await SupportScripts.run(
      "page-look",
      ["--url", "\(server.url)/", "--width", "\(width)", "--height", "\(height)", "--screenshot", picture] + scheme,
      within: .seconds(90))
    print("screenshot: \(picture)")
    return try JSONDecoder().decode(Look.self, from: Data(answer.utf8))
  }

  @Test("shows the demo's incident, time left, curves, rules and targets, light and dark, on a desk and on a phone")
  func page() async throws {
    let demo = try await HarecastServer("demo")
    // The recorded channel leak, which begins when the replay has caught up, lasts for minutes.
    try await eventually("the leak is an open incident and a forecast has a curve", within: .seconds(200)) {
      let incidents = try await LoopbackHTTP.get("\(demo.url)/api/v1/incidents?state=open&type=memory_leak")
      let metrics = try await demo.metrics()
      return incidents.contains("rabbit1@localhost") && metrics.contains("rabbitmq_queue_messages_forecast{")
    }
    for (name, width, height) in [("desk", 1280, 900), ("phone", 360, 780)] {
      for dark in [false, true] {
        let look = try await look(demo, "\(name)-\(dark ? "dark" : "light")", width: width, height: height, dark: dark)
        #expect(look.complaints.isEmpty, "\(look.complaints)")
        #expect(look.width <= width, "the page is \(look.width) pixels wide in a window of \(width)")
        #expect(look.background == (dark ? "rgb(16, 19, 23)" : "rgb(255, 255, 255)"))
        #expect(look.curves > 0)
        for words in ["memory leak", "rabbit1@localhost", "What to do", "Time left", "6 of 6 targets up"] {
          #expect(look.text.contains(words), "\(words): \(look.text.prefix(3000))")
        }
      }
    }
    #expect(try await demo.stop() == 0)
  }
}
