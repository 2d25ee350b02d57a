import Foundation

/// A trained model as bytes: what it is, the states of its series, a signature, a checksum.
///
/// | bytes | what |
/// | --- | --- |
/// | 8 | `HCMODEL` and a line feed |
/// | 4 | version of the format, little-endian like all numbers |
/// | 4 | length of the header |
/// | 8 | length of the payload |
/// | … | the header: JSON, see ``ModelHeader`` |
/// | … | the payload: the states of the series, one after the other |
/// | 1 | 0 for no signature, 1 for HMAC-SHA-256 |
/// | 8 | the identity of the key, or zeros |
/// | 32 | HMAC-SHA-256 of everything before the signature, or zeros |
/// | 32 | SHA-256 of everything before it |
///
/// Nothing of header or payload is looked at before checksum and signature hold.
public struct ModelFile: Sendable, Equatable {
  /// The newest version of the format, which is written; all up to it are read.
  public static let version: UInt32 = 1
  static let magic = Array("HCMODEL\n".utf8)
  private static let prefixLength = 24
  private static let signatureLength = 1 + 8 + Digest.count
  private static let mostHeaderBytes = 64 << 20
  /// The most bytes of a whole file.
  public static let mostBytes = 1 << 30
  /// The most series of one file.
  public static let mostSeries = 10_000

  public var header: ModelHeader
  /// The states of the models, one for each series of the header.
  public private(set) var states: [[UInt8]]

  /// - Parameter states: what `ForecastModel.saved()` gave, one for each series of the header.
  /// - Throws: ``ModelError`` if there are too many or too few.
  public init(header: ModelHeader, states: [[UInt8]]) throws(ModelError) {
    guard header.series.count == states.count, !states.isEmpty else {
      throw ModelError(header.name, .malformed("\(header.series.count) series and \(states.count) states"))
    }
    guard states.count <= Self.mostSeries else {
      throw ModelError(header.name, .tooLarge("\(states.count) series, the limit is \(Self.mostSeries)"))
    }
    self.header = header
    self.states = states
    for index in states.indices { self.header.series[index].bytes = states[index].count }
  }

  /// SHA-256 of header and states, by which two versions of a model are told apart whoever signed them.
  public var digest: String {
    get throws(ModelError) {
      var bytes = try header.json()
      for state in states { bytes += state }
      return Digest.hex(Digest.sha256(bytes))
    }
  }

  // MARK: Writing

  /// The file, signed if there is a key.
  ///
  /// - Throws: ``ModelError`` if it would exceed a bound.
  public func bytes(signedWith key: ModelKey?) throws(ModelError) -> [UInt8] {
    let json = try header.json()
    let payload = states.reduce(0) { $0 + $1.count }
    let length = Self.prefixLength + json.count + payload + Self.signatureLength + Digest.count
    guard json.count <= Self.mostHeaderBytes, length <= Self.mostBytes else {
      throw ModelError(header.name, .tooLarge("\(length) bytes, the limit is \(Self.mostBytes)"))
    }
    var bytes = Self.magic
    bytes.reserveCapacity(length)
    Self.append(UInt64(Self.version), 4, to: &bytes)
    Self.append(UInt64(json.count), 4, to: &bytes)
    Self.append(UInt64(payload), 8, to: &bytes)
    bytes += json
    for state in states { bytes += state }
    let signature =
      key.map { [1] + $0.identity + Digest.hmac(bytes, key: $0.bytes) }
      ?? [UInt8](repeating: 0, count: Self.signatureLength)
    bytes += signature
    bytes += Digest.sha256(bytes)
    return bytes
  }

  private static func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
    for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
  }

  // MARK: Reading

  /// Reads a file and verifies it.
  ///
  /// - Parameters:
  ///   - subject: what errors call it.
  ///   - keys: those that may have signed it. With any, a signature by one of them is demanded; with none, only the
  ///     checksum is verified, which finds damage but not malice.
  /// - Throws: ``ModelError``.
  public static func read(
    _ bytes: [UInt8], subject: String, keys: [ModelKey]
  ) throws(ModelError) -> (file: ModelFile, signature: ModelSignature) {
    guard bytes.count >= magic.count, bytes.starts(with: magic) else { throw ModelError(subject, .notAModel) }
    guard bytes.count >= prefixLength else {
      throw ModelError(subject, .wrongLength(expected: prefixLength, found: bytes.count))
    }
    let version = UInt32(truncatingIfNeeded: number(bytes[8..<12]))
    guard version >= 1, version <= Self.version else { throw ModelError(subject, .newerVersion(version)) }
    let headerLength = number(bytes[12..<16])
    let payloadLength = number(bytes[16..<24])
    guard headerLength <= UInt64(mostHeaderBytes), payloadLength <= UInt64(mostBytes) else {
      throw ModelError(subject, .tooLarge("a header of \(headerLength) and a payload of \(payloadLength) bytes"))
    }
    let content = prefixLength + Int(headerLength) + Int(payloadLength)
    let expected = content + signatureLength + Digest.count
    guard bytes.count == expected else {
      throw ModelError(subject, .wrongLength(expected: expected, found: bytes.count))
    }
    let signed = Array(bytes[..<(content + signatureLength)])
    guard Digest.areEqual(Digest.sha256(signed), bytes[(content + signatureLength)...]) else {
      throw ModelError(subject, .damaged)
    }
    let signature = try verify(
      Array(bytes[..<content]), signature: Array(signed[content...]), subject: subject, keys: keys)
    let file = try parse(
      header: Array(bytes[prefixLength..<(prefixLength + Int(headerLength))]),
      payload: bytes[(prefixLength + Int(headerLength))..<content], subject: subject)
    return (file, signature)
  }

  private static func verify(
    _ content: [UInt8], signature: [UInt8], subject: String, keys: [ModelKey]
  ) throws(ModelError) -> ModelSignature {
    guard signature[0] <= 1 else {
      throw ModelError(subject, .malformed("a signature of unknown kind \(signature[0])"))
    }
    guard signature[0] == 1 else {
      guard signature.allSatisfy({ $0 == 0 }) else { throw ModelError(subject, .malformed("half a signature")) }
      guard keys.isEmpty else { throw ModelError(subject, .unsigned) }
      return .none
    }
    let identity = signature[1..<9]
    guard !keys.isEmpty else { return .unchecked(Digest.hex(identity)) }
    guard let key = keys.first(where: { Digest.areEqual($0.identity, identity) }) else {
      throw ModelError(subject, .foreignKey(Digest.hex(identity)))
    }
    guard Digest.areEqual(Digest.hmac(content, key: key.bytes), signature[9...]) else {
      throw ModelError(subject, .forged)
    }
    return .verified(key.name)
  }

  private static func parse(
    header json: [UInt8], payload: ArraySlice<UInt8>, subject: String
  ) throws(ModelError) -> ModelFile {
    let header: ModelHeader
    do {
      header = try JSONDecoder().decode(ModelHeader.self, from: Data(json))
    } catch {
      throw ModelError(subject, .malformed("its header is not what version \(version) holds"))
    }
    guard header.step > 0 else { throw ModelError(subject, .malformed("a step of \(header.step) ms")) }
    var states: [[UInt8]] = []
    var rest = payload
    for series in header.series {
      guard series.bytes >= 0, series.bytes <= rest.count else {
        throw ModelError(subject, .malformed("its states are longer than its payload"))
      }
      states.append(Array(rest.prefix(series.bytes)))
      rest = rest.dropFirst(series.bytes)
    }
    guard rest.isEmpty else { throw ModelError(subject, .malformed("its payload is longer than its states")) }
    return try ModelFile(header: header, states: states)
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
