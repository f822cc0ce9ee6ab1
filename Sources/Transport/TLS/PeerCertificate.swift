package import NIOCore

/// What is proven of the other end of a TLS connection: its certificate, signed by an authority that we trust.
package struct PeerCertificate: Hashable, Sendable {
    /// The URIs among its names.
    package let uris: [String]
    /// SHA-256 of its public key.
    package let keyFingerprint: [UInt8]
    /// When it ends, in seconds since 1970.
    package let notAfter: Int64
    /// SHA-256 of the certificate of the authority that has signed it; empty where it is its own.
    package let authority: [UInt8]

    init(_ certificate: Certificate, authority: [UInt8]) {
        self.authority = authority
        self.uris = certificate.uris
        self.keyFingerprint = certificate.keyFingerprint
        self.notAfter = certificate.notAfter
    }
}

extension Channel {
    /// Whether the channel speaks TLS. On its event loop.
    package var isTLS: Bool { tlsHandler != nil }

    /// The certificate of the other end of a TLS channel; nil where it showed none. On its event loop.
    package var peerCertificate: PeerCertificate? { tlsHandler?.peerCertificate }

    private var tlsHandler: TLSHandler? {
        eventLoop.preconditionInEventLoop()
        return try? pipeline.syncOperations.handler(type: TLSHandler.self)
    }
}
