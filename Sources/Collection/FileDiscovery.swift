import Glibc
import StrictYAML
import TimeSeries

/// Reads groups of targets from files (`file_sd_configs`).
struct FileDiscovery {
  let configuration: FileDiscoveryConfiguration
  /// What each file last gave; a file that becomes unreadable keeps its targets, one that vanishes loses them.
  private var known: [String: (stamp: FileStamp, groups: [DiscoveredGroup])] = [:]

  private struct FileStamp: Equatable {
    var seconds: Int
    var nanoseconds: Int
    var size: Int
    var inode: UInt
  }

  init(_ configuration: FileDiscoveryConfiguration) { self.configuration = configuration }

  static func isNameAllowed(_ pattern: String) -> Bool {
    [".json", ".yml", ".yaml"].contains { pattern.hasSuffix($0) }
  }

  /// Reads the files again that look changed, or all of them.
  ///
  /// - Returns: all groups if anything changed, else nil; and what could not be read.
  mutating func refresh(all: Bool) -> (groups: [DiscoveredGroup]?, errors: [String]) {
    var errors: [String] = []
    var changed = known.isEmpty
    let paths = Set(configuration.files.flatMap(FileDiscovery.expand))
    for path in known.keys where !paths.contains(path) {
      known[path] = nil
      changed = true
    }
    for path in paths.sorted() {
      guard let stamp = FileDiscovery.stamp(path), all || stamp != known[path]?.stamp else { continue }
      do {
        let groups = try FileDiscovery.read(path)
        if groups != known[path]?.groups { changed = true }
        known[path] = (stamp, groups)
      } catch {
        errors.append("\(error)")
        // The stamp is kept, so that one fault is reported once.
        known[path] = (stamp, known[path]?.groups ?? [])
      }
    }
    if !changed { return (nil, errors) }
    return (known.sorted { $0.key < $1.key }.flatMap(\.value.groups), errors)
  }

  /// JSON is read as the YAML that it is.
  fileprivate static func read(_ path: String) throws -> [DiscoveredGroup] {
    let text = try SmallFile.read(path, limit: YAMLDocument.maximumBytes)
    let root = try YAMLDocument.parse(text, file: path)
    if case .mapping(let entries) = root.content, entries.isEmpty { return [] }
    var groups: [DiscoveredGroup] = []
    for (index, node) in try root.items("the groups of targets").enumerated() {
      let group = try TargetGroup(node)
      let labels = group.labels + [Label("__meta_filepath", path)]
      groups.append(DiscoveredGroup(source: "\(path):\(index)", targets: group.targets, labels: labels))
    }
    return groups
  }

  fileprivate static func expand(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0 else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { index in
      result.gl_pathv[index].map { String(cString: $0) }
    }
  }

  private static func stamp(_ path: String) -> FileStamp? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return FileStamp(
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec, size: Int(status.st_size),
      inode: UInt(status.st_ino))
  }
}

extension FileDiscoveryConfiguration {
  /// Reads the files once: how many there are, and what is wrong with them, one line each.
  public func check() -> (found: Int, errors: [String]) {
    let paths = Set(files.flatMap(FileDiscovery.expand)).sorted()
    var errors: [String] = []
    for path in paths {
      do { _ = try FileDiscovery.read(path) } catch { errors.append("\(error)") }
    }
    return (paths.count, errors)
  }
}

/// Targets from one place of one discovery.
public struct DiscoveredGroup: Sendable, Equatable {
  var source: String
  var targets: [String]
  var labels: [Label]

  init(source: String, targets: [String], labels: [Label]) {
    self.source = source
    self.targets = targets
    self.labels = labels
  }

  /// The targets of a configuration itself.
  public init(_ group: TargetGroup) {
    self.init(source: "", targets: group.targets, labels: group.labels)
  }

  /// The discovered labels of each target.
  public var labelSets: [Labels] {
    targets.map { Labels(labels + [Label("__address__", $0)]) }
  }
}
