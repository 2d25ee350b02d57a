import TimeSeries

/// The jobs of a ``ScrapeManager`` and their targets. It decides what starts and what stops; it does neither itself.
struct JobTable {
  private unowned let manager: ScrapeManager
  private var jobs: [String: Job] = [:]

  private struct Job {
    var configuration: ScrapeConfiguration
    var metrics: ScrapeMetrics
    var discoveries: [Discovery]
    var groups: [ObjectIdentifier: [DiscoveredGroup]] = [:]
    var targets: [UInt64: TargetHandle] = [:]
  }

  init(manager: ScrapeManager) { self.manager = manager }

  /// Does what a command says and gives the tasks to start.
  mutating func handle(_ command: ScrapeCommand) -> [any ScrapeTask] {
    switch command {
    case .reload(let configurations): return reload(configurations)
    case .discovered(let discovery, let groups):
      let name = discovery.jobName
      guard jobs[name]?.discoveries.contains(where: { $0 === discovery }) == true else { return [] }
      jobs[name]?.groups[ObjectIdentifier(discovery)] = groups
      return synchronize(name)
    }
  }

  private mutating func reload(_ configurations: [ScrapeConfiguration]) -> [any ScrapeTask] {
    var tasks: [any ScrapeTask] = []
    let names = Set(configurations.map(\.jobName))
    for (name, job) in jobs where !names.contains(name) {
      for discovery in job.discoveries { discovery.stop() }
      for target in job.targets.values { target.assign(nil) }
      job.metrics.retire()
      manager.showDropped(nil, of: name)
      jobs[name] = nil
    }
    for configuration in configurations {
      let name = configuration.jobName
      if jobs[name]?.configuration == configuration { continue }
      let old = jobs[name]
      let keepsDiscoveries =
        old?.configuration.fileDiscoveries == configuration.fileDiscoveries
        && old?.configuration.dnsDiscoveries == configuration.dnsDiscoveries
      if let old, keepsDiscoveries {
        jobs[name]?.configuration = configuration
        tasks += synchronize(old.configuration.jobName)
        continue
      }
      for discovery in old?.discoveries ?? [] { discovery.stop() }
      let discoveries =
        configuration.fileDiscoveries.map { Discovery(.file($0), jobName: name, manager) }
        + configuration.dnsDiscoveries.map { Discovery(.dns($0), jobName: name, manager) }
      jobs[name] = Job(
        configuration: configuration, metrics: ScrapeMetrics(manager.registry, job: name), discoveries: discoveries,
        targets: old?.targets ?? [:])
      tasks += discoveries
      tasks += synchronize(name)
    }
    return tasks
  }

  /// Starts, changes and stops targets so that they are those of the job's groups.
  private mutating func synchronize(_ name: String) -> [any ScrapeTask] {
    guard var job = jobs[name] else { return [] }
    // Before a new discovery has spoken, what it might confirm is kept.
    let isComplete = job.discoveries.allSatisfy { job.groups[ObjectIdentifier($0)] != nil }
    var (wanted, dropped) = targets(of: job)
    let limit = job.configuration.limits.targets
    var failure: ScrapeError?
    if limit > 0, wanted.count > limit {
      failure = ScrapeError(
        code: "target_limit", "target_limit exceeded (number of targets: \(wanted.count), limit: \(limit))")
    }
    dropped = Array(dropped.prefix(1000))
    manager.showDropped(dropped.isEmpty ? nil : dropped, of: name)
    var tasks: [any ScrapeTask] = []
    for (identity, handle) in job.targets where isComplete && wanted[identity] == nil {
      handle.assign(nil)
      job.targets[identity] = nil
    }
    for (identity, target) in wanted {
      let assignment = TargetAssignment(target: target, job: job.configuration, failure: failure)
      if let handle = job.targets[identity] {
        handle.assign(assignment)
      } else {
        let handle = TargetHandle(assignment, job.metrics, manager)
        job.targets[identity] = handle
        tasks.append(handle)
      }
    }
    job.metrics.targets.set(Double(job.targets.count))
    jobs[name] = job
    return tasks
  }

  private func targets(of job: Job) -> (wanted: [UInt64: ScrapeTarget], dropped: [Labels]) {
    let fixed = job.configuration.staticGroups.map(DiscoveredGroup.init)
    var wanted: [UInt64: ScrapeTarget] = [:]
    var dropped: [Labels] = []
    for group in fixed + job.discoveries.flatMap({ job.groups[ObjectIdentifier($0)] ?? [] }) {
      for labels in group.labelSets {
        do throws(TargetError) {
          if let target = try ScrapeTarget(discovered: labels, job: job.configuration) {
            wanted[target.identity] = target
          } else {
            dropped.append(labels)
          }
        } catch {
          manager.logger.error("job \(job.configuration.jobName): \(labels): \(error)")
          job.metrics.countDiscoveryErrors(1)
        }
      }
    }
    return (wanted, dropped)
  }
}
