import Collection
import Foundation
import StrictYAML

/// A file that a configuration names.
struct NamedFile: Equatable {
  /// What it is needed for.
  enum Kind: Equatable {
    /// Something that must be there when it is used: a secret, a certificate, a calendar, a model key.
    case content
    /// Targets, which may come later; the name may be a pattern.
    case targets
  }

  var kind: Kind
  /// Absolute, unless the configuration's folder is not.
  var path: String
  /// The name as it was written.
  var text: String
  var place: YAMLPlace
}

extension HarecastConfiguration {
  /// What is wrong with the files that the configuration names (rule files aside), each with the place of its name.
  ///
  /// - Returns: `faults`, which would fail whatever needs the file, and `remarks` on files that may come later.
  public func checkFiles() -> (faults: [YAMLError], remarks: [YAMLError]) {
    var faults: [YAMLError] = []
    var remarks: [YAMLError] = []
    for file in namedFiles {
      switch file.kind {
      case .content:
        if let reason = Self.reasonNotToRead(file.path) {
          faults.append(YAMLError(file.place, "\(file.path): \(reason)"))
        }
      case .targets:
        let (found, errors) = FileDiscoveryConfiguration(files: [file.path]).check()
        if found == 0 {
          remarks.append(YAMLError(file.place, "\"\(file.text)\" does not point to an existing file of targets"))
        }
        for error in errors { faults.append(YAMLError(file.place, error)) }
      }
    }
    return (faults, remarks)
  }

  private static func reasonNotToRead(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
    return status.st_mode & S_IFMT == S_IFDIR ? String(cString: strerror(EISDIR)) : nil
  }

  /// All files that the configuration names, in the order of the text.
  ///
  /// The keys are told by their names, which the configuration has checked before: `…_file`, `key_files`, `calendars`,
  /// `files` of headers and of targets.
  var namedFiles: [NamedFile] {
    guard let source, case .mapping(let entries) = source.content else { return [] }
    var result: [NamedFile] = []
    // These blocks have no effect.
    for entry in entries where !["remote_read", "tracing", "otlp"].contains(entry.key) {
      collect(entry, beneath: [], &result)
    }
    return result
  }

  private func collect(_ entry: YAMLEntry, beneath keys: [String], _ result: inout [NamedFile]) {
    // Here keys are whatever the user likes.
    if ["labels", "external_labels", "params", "headers"].contains(entry.key) { return }
    switch entry.value.content {
    case .scalar(let scalar):
      if entry.key.hasSuffix("_file"), !scalar.isNull { add(scalar, .content, entry.value.place, &result) }
    case .mapping(let entries):
      for inner in entries { collect(inner, beneath: keys + [entry.key], &result) }
    case .sequence(let items):
      let kind: NamedFile.Kind? =
        switch entry.key {
        case "key_files", "calendars": .content
        case "files": keys.contains("file_sd_configs") ? .targets : .content
        default: nil
        }
      for item in items {
        switch item.content {
        case .scalar(let scalar): if let kind { add(scalar, kind, item.place, &result) }
        case .mapping(let entries):
          for inner in entries { collect(inner, beneath: keys + [entry.key], &result) }
        case .sequence: break
        }
      }
    }
  }

  private func add(_ scalar: YAMLScalar, _ kind: NamedFile.Kind, _ place: YAMLPlace, _ result: inout [NamedFile]) {
    guard !scalar.text.isEmpty else { return }
    let path = scalar.text.hasPrefix("/") ? scalar.text : folder + "/" + scalar.text
    result.append(NamedFile(kind: kind, path: path, text: scalar.text, place: place))
  }
}
