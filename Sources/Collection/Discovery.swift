import Synchronization
import TimeSeries

/// A discovery under way: looks for targets again and again and tells the manager of changes.
final class Discovery: ScrapeTask {
  enum Kind: Sendable {
    case file(FileDiscoveryConfiguration)
    case dns(DNSDiscoveryConfiguration)
  }

  let jobName: String
  private let kind: Kind
  private let manager: ScrapeManager
  private let isStopped = Atomic<Bool>(false)
  private let signal = Signal()

  init(_ kind: Kind, jobName: String, _ manager: ScrapeManager) {
    self.kind = kind
    self.jobName = jobName
    self.manager = manager
  }

  func stop() {
    isStopped.store(true, ordering: .relaxed)
    signal.set()
  }

  func run() async {
    switch kind {
    case .file(let configuration): await watch(configuration)
    case .dns(let configuration): await resolve(configuration)
    }
  }

  private var isOver: Bool { Task.isCancelled || isStopped.load(ordering: .relaxed) }

  private func watch(_ configuration: FileDiscoveryConfiguration) async {
    var discovery = FileDiscovery(configuration)
    let poll = min(manager.options.filePollInterval, configuration.refreshInterval)
    var sinceFull: Int64 = 0
    while !isOver {
      let result = discovery.refresh(all: sinceFull >= configuration.refreshInterval)
      if sinceFull >= configuration.refreshInterval { sinceFull = 0 }
      report(result.errors)
      if let groups = result.groups { manager.discovered(self, groups) }
      await pause(poll)
      sinceFull += poll
    }
  }

  private func resolve(_ configuration: DNSDiscoveryConfiguration) async {
    var discovery = DNSDiscovery(configuration)
    while !isOver {
      let result = await discovery.refresh()
      if isOver { return }
      report(result.errors)
      manager.discovered(self, result.groups)
      await pause(configuration.refreshInterval)
    }
  }

  /// Waits for real milliseconds: files and name servers know nothing of a replay.
  private func pause(_ milliseconds: Int64) async {
    let clock = SystemTime()
    _ = await signal.waits(until: clock.now() + milliseconds, clock)
  }

  private func report(_ errors: [String]) {
    for error in errors { manager.logger.warning("job \(jobName): discovery: \(error)") }
    ScrapeMetrics(manager.registry, job: jobName).countDiscoveryErrors(errors.count)
  }
}
