/// Why a model file was refused, or could not be had: one line that names the file or the model.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, apart from where.
  public enum Reason: Sendable, Equatable, CustomStringConvertible {
    /// The bytes are no model file at all.
    case notAModel
    /// The file ends early, or goes on after its end.
    case wrongLength(expected: Int, found: Int)
    /// The file was written by a newer program.
    case newerVersion(UInt32)
    /// The checksum does not match.
    case damaged
    /// A signature is demanded, and there is none.
    case unsigned
    /// The file is signed with a key that is not among those given; its identity.
    case foreignKey(String)
    /// The signature is not that of the key: the file was changed after it was signed.
    case forged
    /// The parts of the file contradict each other.
    case malformed(String)
    /// A bound is exceeded.
    case tooLarge(String)
    /// The name of a model is not usable as the name of a file.
    case badName
    /// There is no such model.
    case missing
    /// There is one already.
    case exists
    /// A key is no key.
    case badKey(String)
    /// The system refuses.
    case system(String)
    /// A registry refuses, or answers nonsense.
    case registry(String)

    public var description: String {
      switch self {
      case .notAModel: "is not a model file"
      case .wrongLength(let expected, let found): "is \(found) bytes long where its header says \(expected): cut off?"
      case .newerVersion(let version):
        "has format version \(version), this program reads up to \(ModelFile.version): a newer Harecast wrote it"
      case .damaged: "is damaged: its SHA-256 does not match"
      case .unsigned: "is not signed, and a key demands a signature"
      case .foreignKey(let identity): "is signed with another key (\(identity))"
      case .forged: "was changed after it was signed: the signature does not match"
      case .malformed(let what): "is malformed: \(what)"
      case .tooLarge(let what): "is too large: \(what)"
      case .badName:
        "is not a name for a model: use letters, digits, \".\", \"_\" and \"-\", at most 100, a letter or digit first"
      case .missing: "does not exist"
      case .exists: "exists already; --replace replaces it"
      case .badKey(let what): "is not a usable key: \(what)"
      case .system(let what): what
      case .registry(let what): what
      }
    }
  }

  /// The file, the model or the address that it is about.
  public var subject: String
  public var reason: Reason

  public init(_ subject: String, _ reason: Reason) {
    self.subject = subject
    self.reason = reason
  }

  public var description: String { "\(subject): \(reason)" }
}
