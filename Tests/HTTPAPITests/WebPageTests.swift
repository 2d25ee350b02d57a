import Foundation
import HarecastTestKit
import Testing

@testable import HTTPAPI

@Suite("The web page")
struct WebPageTests {
  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("every file that the page names is served by it, and nothing else is asked for")
  func everyAssetIsOurOwn() throws {
    let page = Self.text(PackageResources.index_html)
    let named = page.matches(of: /(?:src|href)="([^"]+)"/).map { String($0.1) }
    let served: Set = ["web/harecast.css", "web/harecast.js", "data:,"]
    let pages: Set = ["metrics", "api/v1/rules", "api/v1/targets", "api/v1/incidents"]
    #expect(Set(named) == served.union(pages))
    for asset in [PackageResources.index_html, PackageResources.harecast_js, PackageResources.harecast_css] {
      let addresses = Self.text(asset).matches(of: /https?:\/\/[^"' )]+/).map { String($0.0) }
      #expect(addresses.allSatisfy { $0 == "http://www.w3.org/2000/svg" }, "\(addresses)")
    }
  }

  @Test("what comes from a server is never read as markup")
  func noMarkupFromOutside() {
    let script = Self.text(PackageResources.harecast_js)
    for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
      #expect(!script.contains(sink), "\(sink)")
    }
  }
}
