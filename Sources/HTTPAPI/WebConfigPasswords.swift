import CCrypt
import Dispatch
import Glibc
import Synchronization

/// bcrypt hashes of passwords.
enum PasswordHash {
  /// The most rounds that are allowed, as the power of two: a check must end within seconds.
  static let greatestCost = 18

  /// What is wrong with the text of a hash; nil if it can be used.
  static func fault(of hash: String) -> String? {
    let bytes = Array(hash.utf8)
    if bytes.count < 59 { return "the text is too short to be a bcrypt hash" }
    guard ["$2a$", "$2b$", "$2y$"].contains(where: hash.hasPrefix) else {
      return "a bcrypt hash begins with $2a$, $2b$ or $2y$"
    }
    guard let cost = cost(of: hash), bytes[6] == UInt8(ascii: "$") else {
      return "the bcrypt hash does not say its cost"
    }
    if !(4...greatestCost).contains(cost) { return "the bcrypt cost is \(cost), allowed are 4 to \(greatestCost)" }
    let isPlain = bytes[7...].allSatisfy { byte in
      let letter = byte | 0x20
      return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x2e && byte <= 0x39)
    }
    return bytes.count == 60 && isPlain ? nil : "the text is not a bcrypt hash of 60 characters"
  }

  /// The power of two of the rounds.
  static func cost(of hash: String) -> Int? { Int(hash.dropFirst(4).prefix(2)) }

  /// Whether the hash is that of the password; takes as long as the hash's cost says.
  static func matches(_ hash: String, _ password: [UInt8]) -> Bool {
    // C ends the text at a zero byte, so that the rest would not count.
    if password.contains(0) { return false }
    let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
    defer { data.deallocate() }
    memset(data, 0, MemoryLayout<crypt_data>.size)
    let phrase = password.map { CChar(bitPattern: $0) } + [0]
    guard let result = crypt_r(phrase, hash, data) else { return false }
    return isEqual(Array(String(cString: result).utf8), Array(hash.utf8))
  }

  /// Compares in a time that depends on the lengths only.
  static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }
}

/// Says whether users are who they claim to be.
///
/// Hashing takes as long as it was made to take, so it happens one after the other away from the network's threads, and
/// a password that was found good is good at once the next time. Whether a user exists cannot be told from the time.
final class PasswordCheck: Sendable {
  /// How many may wait to be checked.
  static let mostWaiting = 64

  private struct State {
    /// By user, the hash and the password that it was found to be of.
    var known: [String: (hash: String, password: [UInt8])] = [:]
    var waiting = 0
  }

  /// What came of a check.
  enum Verdict: Sendable {
    case good
    case bad
    /// Too many are waiting.
    case busy
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "harecast.passwords")

  /// Checks the password of a user against the hashes of all users.
  func check(_ user: String, _ password: [UInt8], _ users: [String: String]) async -> Verdict {
    let hash = users[user]
    if let hash {
      let isKnown = state.withLock { state in
        state.known[user].map { $0.hash == hash && PasswordHash.isEqual($0.password, password) } ?? false
      }
      if isKnown { return .good }
    }
    let isAdmitted = state.withLock { state in
      if state.waiting >= Self.mostWaiting { return false }
      state.waiting += 1
      return true
    }
    guard isAdmitted else { return .busy }
    // For an unknown user another's hash is computed in vain.
    let costliest = users.values.max { (PasswordHash.cost(of: $0) ?? 0) < (PasswordHash.cost(of: $1) ?? 0) }
    let work = hash ?? costliest ?? ""
    let matches = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: PasswordHash.matches(work, password)) }
    }
    return state.withLock { state in
      state.waiting -= 1
      guard let hash, matches else { return .bad }
      state.known[user] = (hash, password)
      return .good
    }
  }
}
