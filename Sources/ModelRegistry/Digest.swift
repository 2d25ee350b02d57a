import CLibCrypto

/// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), by OpenSSL's libcrypto, which libcurl brings along anyway.
enum Digest {
  /// The number of bytes of both.
  static let count = 32

  /// SHA-256.
  static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    _ = SHA256(bytes, bytes.count, &result)
    return result
  }

  /// HMAC-SHA-256. The key is not empty.
  static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    var length: UInt32 = 0
    _ = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, &result, &length)
    return result
  }

  /// Whether both are the same, in a time that does not tell where they differ.
  static func areEqual(_ one: some Collection<UInt8>, _ two: some Collection<UInt8>) -> Bool {
    guard one.count == two.count else { return false }
    return CRYPTO_memcmp(Array(one), Array(two), one.count) == 0
  }

  /// The bytes as hexadecimal digits.
  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
