import HTTPTypes
import Hummingbird
import NIOCore

/// The page at `/`: three files that are in the binary, so that it works where nothing else can be reached.
struct WebPage: Sendable {
  private struct Asset: Sendable {
    let path: RouterPath
    let type: String
    let bytes: [UInt8]
  }

  private let assets = [
    Asset(path: "/", type: "text/html; charset=utf-8", bytes: PackageResources.index_html),
    Asset(path: "/web/harecast.js", type: "text/javascript; charset=utf-8", bytes: PackageResources.harecast_js),
    Asset(path: "/web/harecast.css", type: "text/css; charset=utf-8", bytes: PackageResources.harecast_css),
  ]

  /// Nothing from elsewhere is loaded, and no other page may show this one inside itself.
  private static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  func addRoutes(to router: Router<BasicRequestContext>) {
    for asset in assets {
      var headers: HTTPFields = [.contentType: asset.type, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff"]
      headers[.contentSecurityPolicy] = Self.policy
      let fields = headers
      let body = ByteBuffer(bytes: asset.bytes)
      router.get(asset.path) { _, _ in
        Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: body))
      }
    }
  }
}
