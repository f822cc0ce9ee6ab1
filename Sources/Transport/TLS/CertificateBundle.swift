/// Certificates that are trusted together, one behind the other in a PEM text; one alone is a bundle too.
package struct CertificateBundle: Sendable {
    /// Certificates in a bundle at most. Control has two authorities at most; a user may know some more.
    package static let maximumCount = 16
    /// Bytes of its text at most.
    package static let maximumBytes = 256 << 10

    /// One at least, each once.
    package let certificates: [Certificate]

    /// One alone.
    package init(_ certificate: Certificate) { certificates = [certificate] }

    /// The first, and the others that are not there yet.
    package init(_ first: Certificate, _ others: [Certificate]) {
        var known = Set([first.fingerprint])
        certificates = [first] + others.filter { known.insert($0.fingerprint).inserted }
    }

    /// Reads all certificates of a PEM text; throws where there is none, too many, or one that cannot be read.
    package init(pem: String) throws(TransportError) {
        guard pem.utf8.count <= Self.maximumBytes else {
            throw TransportError(.tls, "certificates that are trusted have at most \(Self.maximumBytes) bytes")
        }
        let blocks = try PEMBlock.all(in: pem).filter(\.isCertificate)
        guard blocks.count <= Self.maximumCount else {
            throw TransportError(.tls, "at most \(Self.maximumCount) certificates are trusted together")
        }
        let read = try blocks.map { block throws(TransportError) in try Certificate(pem: block.text) }
        guard let first = read.first else { throw TransportError(.tls, "this is not a certificate in PEM") }
        self.init(first, Array(read.dropFirst()))
    }

    /// All of them, in order.
    package var pem: String {
        get throws(TransportError) {
            try certificates.map { certificate throws(TransportError) in try certificate.pem }.joined()
        }
    }

    /// SHA-256 of each.
    package var fingerprints: [[UInt8]] { certificates.map(\.fingerprint) }

    /// The one with whose key a certificate is signed; nil where none is.
    package func signer(of certificate: Certificate) -> Certificate? {
        certificates.first { certificate.isSigned(by: $0) }
    }
}
