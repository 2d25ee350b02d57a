extension ServerOptions {
  /// The flags as they are in force, by name without dashes, for `/api/v1/status/flags`.
  var flags: [String: String] {
    [
      "web.listen-address": listenAddress, "web.enable-lifecycle": "\(enableLifecycle)",
      "web.config.file": webConfigFile ?? "", "web.external-url": externalURL, "web.cors.origin": corsOrigin,
      "alertmanager": alertmanager, "rules.alert.resend-delay": resendDelay,
      "rules.alert.for-outage-tolerance": outageTolerance, "rules.alert.for-grace-period": gracePeriod,
      "query.max-samples": "\(maximumSamples)", "query.timeout": queryTimeout,
      "query.max-concurrency": "\(maximumConcurrency)", "enable-feature": features.joined(separator: ","),
      "log.level": "\(logLevel)", "log.format": logFormat.rawValue,
    ]
  }
}
