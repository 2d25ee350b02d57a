import Synchronization
import TimeSeries

/// A discovery under way: looks for targets again and again.
public final class TargetDiscovery: Sendable {
  /// Where targets are looked for.
  public enum Kind: Sendable, Equatable {
    case file(FileDiscoveryConfiguration)
    case dns(DNSDiscoveryConfiguration)
  }

  public let kind: Kind
  private let filePollInterval: Int64
  private let isStopped = Atomic<Bool>(false)
  private let signal = Signal()

  /// - Parameter filePollInterval: real milliseconds between two looks at files.
  public init(_ kind: Kind, filePollInterval: Int64 = 5000) {
    self.kind = kind
    self.filePollInterval = filePollInterval
  }

  /// Has ``run(onErrors:onGroups:)`` return soon.
  public func stop() {
    isStopped.store(true, ordering: .relaxed)
    signal.set()
  }

  /// Looks until it is stopped or the task is cancelled. It can be called once.
  ///
  /// - Parameters:
  ///   - onErrors: is told what could not be read or resolved.
  ///   - onGroups: is told all groups, at first and whenever they may have changed.
  public func run(
    onErrors: @Sendable ([String]) -> Void, onGroups: @Sendable ([DiscoveredGroup]) -> Void
  ) async {
    switch kind {
    case .file(let configuration): await watch(configuration, onErrors, onGroups)
    case .dns(let configuration): await resolve(configuration, onErrors, onGroups)
    }
  }

  private var isOver: Bool { Task.isCancelled || isStopped.load(ordering: .relaxed) }

  private func watch(
    _ configuration: FileDiscoveryConfiguration, _ onErrors: @Sendable ([String]) -> Void,
    _ onGroups: @Sendable ([DiscoveredGroup]) -> Void
  ) async {
    var discovery = FileDiscovery(configuration)
    let poll = min(filePollInterval, configuration.refreshInterval)
    var sinceFull: Int64 = 0
    while !isOver {
      let result = discovery.refresh(all: sinceFull >= configuration.refreshInterval)
      if sinceFull >= configuration.refreshInterval { sinceFull = 0 }
      if !result.errors.isEmpty { onErrors(result.errors) }
      if let groups = result.groups { onGroups(groups) }
      await pause(poll)
      sinceFull += poll
    }
  }

  private func resolve(
    _ configuration: DNSDiscoveryConfiguration, _ onErrors: @Sendable ([String]) -> Void,
    _ onGroups: @Sendable ([DiscoveredGroup]) -> Void
  ) async {
    var discovery = DNSDiscovery(configuration)
    while !isOver {
      let result = await discovery.refresh()
      if isOver { return }
      if !result.errors.isEmpty { onErrors(result.errors) }
      onGroups(result.groups)
      await pause(configuration.refreshInterval)
    }
  }

  /// Waits for real milliseconds: files and name servers know nothing of a replay.
  private func pause(_ milliseconds: Int64) async {
    let clock = SystemTime()
    _ = await signal.waits(until: clock.now() + milliseconds, clock)
  }
}
