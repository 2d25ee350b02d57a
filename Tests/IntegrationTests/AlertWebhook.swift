import Foundation
import HarecastTestKit

/// What Alertmanager, with the shipped configuration, tells a webhook.
enum AlertWebhook {
  struct Message: Decodable {
    struct Alert: Decodable {
      var status: String
      var labels: [String: String]
      var annotations: [String: String]
      var generatorURL: String
    }
    var receiver: String
    var status: String
    var alerts: [Alert]
  }

  static var shipped: String { "\(SupportScripts.folder)/../../deploy/alertmanager.yml" }

  /// The shipped configuration, calling `webhook`, quicker.
  static func configuration(_ webhook: StaticHTTPServer) throws -> String {
    var text = try String(contentsOfFile: shipped, encoding: .utf8)
    for host in ["http://pager.example.org", "http://chat.example.org"] {
      text = text.replacing(host, with: webhook.url)
    }
    for (slow, quick) in [("group_wait: 30s", "group_wait: 1s"), ("group_wait: 10s", "group_wait: 1s")] {
      text = text.replacing(slow, with: quick)
    }
    return text.replacing("group_interval: 5m", with: "group_interval: 1s")
  }

  /// The messages that a webhook got, oldest first.
  static func messages(_ webhook: StaticHTTPServer) throws -> [Message] {
    try webhook.requests.map { try JSONDecoder().decode(Message.self, from: Data($0.body)) }
  }

  /// The alerts of this name that `receiver` was told of, oldest first.
  static func alerts(_ webhook: StaticHTTPServer, _ receiver: String, _ name: String) throws -> [Message.Alert] {
    try messages(webhook).filter { $0.receiver == receiver }.flatMap(\.alerts).filter { $0.labels["alertname"] == name }
  }

  /// Nodes with an alert of this name and status in any message to `receiver`.
  static func nodes(
    _ webhook: StaticHTTPServer, _ receiver: String, _ alert: String, _ status: String
  ) throws -> Set<String> {
    Set(try alerts(webhook, receiver, alert).filter { $0.status == status }.compactMap { $0.labels["rabbitmq_node"] })
  }
}
