import NIOCore
import NIOSSL

/// The names that Prometheus's web configuration has for parts of TLS.
enum WebTLSNames {
  static let ciphers: [String: NIOTLSCipher] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA": .TLS_RSA_WITH_AES_128_CBC_SHA,
    "TLS_RSA_WITH_AES_256_CBC_SHA": .TLS_RSA_WITH_AES_256_CBC_SHA,
    "TLS_RSA_WITH_AES_128_GCM_SHA256": .TLS_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_RSA_WITH_AES_256_GCM_SHA384": .TLS_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_AES_128_GCM_SHA256": .TLS_AES_128_GCM_SHA256,
    "TLS_AES_256_GCM_SHA384": .TLS_AES_256_GCM_SHA384,
    "TLS_CHACHA20_POLY1305_SHA256": .TLS_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  static let curves: [String: NIOTLSCurve] = [
    "CurveP256": .secp256r1, "CurveP384": .secp384r1, "CurveP521": .secp521r1, "X25519": .x25519,
    "X25519MLKEM768": .x25519_MLKEM768,
  ]

  static let versions: [Int: TLSVersion] = [10: .tlsv1, 11: .tlsv11, 12: .tlsv12, 13: .tlsv13]
}

/// Loaded certificates and keys, ready for connections.
struct LoadedTLS: Sendable {
  let context: NIOSSLContext
  private let settings: WebTLS

  /// Reads certificates and keys.
  ///
  /// - Throws: ``WebConfigError`` with the file that cannot be used.
  init(_ settings: WebTLS) throws(WebConfigError) {
    self.settings = settings
    let chain = try Self.certificates(settings.certificate, "cert_file").map { NIOSSLCertificateSource.certificate($0) }
    let key = try Self.key(settings.key)
    var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = WebTLSNames.versions[settings.minimumVersion] ?? .tlsv12
    configuration.maximumTLSVersion = settings.maximumVersion.flatMap { WebTLSNames.versions[$0] }
    configuration.applicationProtocols = ["http/1.1"]
    if !settings.cipherSuites.isEmpty {
      configuration.cipherSuiteValues = settings.cipherSuites.compactMap { WebTLSNames.ciphers[$0] }
    }
    if !settings.curves.isEmpty { configuration.curves = settings.curves.compactMap { WebTLSNames.curves[$0] } }
    switch settings.clientCertificates {
    case .none: configuration.certificateVerification = .none
    case .requested, .verifiedIfGiven: configuration.certificateVerification = .optionalVerification
    case .required, .requiredAndVerified: configuration.certificateVerification = .noHostnameVerification
    }
    if let authority = settings.clientAuthority {
      configuration.trustRoots = .certificates(try Self.certificates(authority, "client_ca_file"))
    }
    do {
      context = try NIOSSLContext(configuration: configuration)
    } catch {
      // BoringSSL's words name neither file; the usual reason is a key of another certificate.
      throw WebConfigError("the certificate and the key cannot be used together: \(Self.line(error))")
    }
  }

  private static func certificates(_ pem: WebTLS.PEM, _ key: String) throws(WebConfigError) -> [NIOSSLCertificate] {
    let text = try text(pem, key)
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(Array(text.utf8))
      if !certificates.isEmpty { return certificates }
    } catch {}
    throw WebConfigError("\(name(pem, key)): there is no certificate in PEM")
  }

  private static func key(_ pem: WebTLS.PEM) throws(WebConfigError) -> NIOSSLPrivateKey {
    let text = try text(pem, "key_file")
    do {
      return try NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem)
    } catch {
      throw WebConfigError("\(name(pem, "key_file")): there is no private key in PEM")
    }
  }

  private static func text(_ pem: WebTLS.PEM, _ key: String) throws(WebConfigError) -> String {
    switch pem {
    case .text(let text): return text
    case .file(let path): return try WebConfigFile.read(path)
    }
  }

  private static func name(_ pem: WebTLS.PEM, _ key: String) -> String {
    if case .file(let path) = pem { path } else { key }
  }

  private static func line(_ error: any Error) -> String {
    String("\(error)".prefix(200).map { $0.isNewline ? " " : $0 })
  }

  /// The handlers of one connection.
  func handlers() -> [any ChannelHandler] {
    // A certificate that is only asked for is taken as it is.
    let acceptsAny = [.requested, .required].contains(settings.clientCertificates)
    let callback: NIOSSLCustomVerificationCallback? =
      acceptsAny ? { _, promise in promise.succeed(.certificateVerified) } : nil
    let tls = NIOSSLServerHandler(
      context: context, customVerificationCallback: callback, configuration: NIOSSLHandler.Configuration())
    return settings.clientNames.isEmpty ? [tls] : [tls, ClientNameHandler(Set(settings.clientNames))]
  }
}

/// Closes a connection whose client's certificate bears none of the allowed names.
final class ClientNameHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let allowed: Set<String>
  /// Nil until the first decrypted bytes: before them there is no certificate.
  private var isAdmitted: Bool?

  init(_ allowed: Set<String>) { self.allowed = allowed }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isAdmitted == nil {
      let certificate = try? context.channel.pipeline.syncOperations.nioSSL_peerCertificate()
      isAdmitted = certificate.map { !allowed.isDisjoint(with: $0.alternativeNames) } ?? false
    }
    if isAdmitted == true { context.fireChannelRead(data) } else { context.close(promise: nil) }
  }
}

extension NIOSSLCertificate {
  /// The names that the certificate was issued for: hosts, mail addresses, URIs and IP addresses.
  fileprivate var alternativeNames: [String] {
    _subjectAlternativeNames().compactMap { name in
      name.contents.withUnsafeBufferPointer { bytes in
        switch name.nameType {
        case .dnsName, .email, .uri: String(decoding: bytes, as: UTF8.self)
        case .ipAddress: Self.address(Array(bytes))
        default: nil
        }
      }
    }
  }

  private static func address(_ bytes: [UInt8]) -> String? {
    (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))?.ipAddress
  }
}
