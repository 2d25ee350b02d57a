/// A discovery of a job: tells the manager of changes.
final class Discovery: ScrapeTask {
  let jobName: String
  private let discovery: TargetDiscovery
  private let manager: ScrapeManager

  init(_ kind: TargetDiscovery.Kind, jobName: String, _ manager: ScrapeManager) {
    self.jobName = jobName
    self.manager = manager
    discovery = TargetDiscovery(kind, filePollInterval: manager.options.filePollInterval)
  }

  func stop() { discovery.stop() }

  func run() async {
    await discovery.run(
      onErrors: { errors in
        for error in errors { manager.logger.warning("job \(jobName): discovery: \(error)") }
        ScrapeMetrics(manager.registry, job: jobName).countDiscoveryErrors(errors.count)
      },
      onGroups: { manager.discovered(self, $0) })
  }
}
