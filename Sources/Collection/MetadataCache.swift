import Exposition
import TimeSeries

/// Remembers what a target said of its metrics, so that only changes are passed on.
struct MetadataCache: Sendable {
  private struct Known: Sendable {
    var name: String
    var metadata: MetricMetadata
    var help: UInt64 = 0
    var unit: UInt64 = 0
  }

  private var known: [UInt64: Known] = [:]
  private var changed: Set<UInt64> = []

  /// How many metrics are remembered at most.
  static let maximumCount = 100_000

  mutating func setType(_ name: EscapedText, _ type: MetricType) {
    let key = StableHash.hash(name.bytes)
    if known[key]?.metadata.type == type { return }
    change(key, name) { $0.metadata.type = type }
  }

  mutating func setHelp(_ name: EscapedText, _ text: EscapedText) {
    let key = StableHash.hash(name.bytes)
    let hash = StableHash.hash(text.bytes, seed: 1)
    if known[key]?.help == hash { return }
    change(key, name) {
      $0.metadata.help = text.string
      $0.help = hash
    }
  }

  mutating func setUnit(_ name: EscapedText, _ text: EscapedText) {
    let key = StableHash.hash(name.bytes)
    let hash = StableHash.hash(text.bytes, seed: 1)
    if known[key]?.unit == hash { return }
    change(key, name) {
      $0.metadata.unit = text.string
      $0.unit = hash
    }
  }

  /// What changed since the last call.
  mutating func takeChanges() -> [(name: String, metadata: MetricMetadata)] {
    if changed.isEmpty { return [] }
    defer { changed = [] }
    return changed.compactMap { known[$0] }.map { ($0.name, $0.metadata) }
  }

  /// Forgets everything, so that all is passed on again.
  mutating func reset() { self = MetadataCache() }

  private mutating func change(_ key: UInt64, _ name: EscapedText, _ body: (inout Known) -> Void) {
    var entry = known[key]
    if entry == nil {
      guard known.count < MetadataCache.maximumCount else { return }
      entry = Known(name: name.string, metadata: MetricMetadata(type: .unknown))
    }
    guard var entry else { return }
    body(&entry)
    known[key] = entry
    changed.insert(key)
  }
}
