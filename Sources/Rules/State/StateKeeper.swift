/// Keeps bytes by name for the next process: alerts and models survive a restart through it.
public protocol StateKeeper: Sendable {
  /// Keeps `bytes` under `key`, in place of what was there.
  func saveState(_ bytes: [UInt8], forKey key: String) throws

  /// What was last kept under `key`, or nil.
  func state(forKey key: String) throws -> [UInt8]?

  /// Forgets what is kept under `key`, if anything is.
  func removeState(forKey key: String) throws

  /// The keys that begin with `prefix` and under which something is kept.
  func stateKeys(prefix: String) throws -> [String]
}
