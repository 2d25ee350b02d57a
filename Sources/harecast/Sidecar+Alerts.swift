import Delivery
import Rules
import ServiceLifecycle
import TimeSeries

extension OutgoingAlert {
  /// - Parameter lag: how many milliseconds the clock of the rules is behind the real one, as in a replay: an
  ///   Alertmanager judges by the real one whether an alert has ended.
  init(_ alert: AlertNotification, lag: Int64) {
    self.init(
      labels: alert.labels, annotations: alert.annotations, startsAt: alert.startsAt, endsAt: alert.endsAt + lag,
      generatorURL: alert.generatorURL)
  }
}

extension AlertNotifier {
  /// Where rules whose clock is `time` hand their alerts over.
  func intake(time: any TimeSource) -> @Sendable ([AlertNotification]) -> Void {
    { [self] alerts in
      let lag = max(0, SystemTime().now() - time.now())
      notify(alerts.map { OutgoingAlert($0, lag: lag) })
    }
  }
}

/// Sends alerts; at the end, what still waits has a few seconds to leave.
struct AlertDelivery: Service {
  let notifier: AlertNotifier

  func run() async throws {
    await cancelWhenGracefulShutdown { await notifier.run() }
    await notifier.drain(within: 3000)
  }
}
