/// A text that holds the keys of authorities and certificates of these keys, and so can be replaced at once: PEM blocks, one
/// behind the other. Who reads but the first key finds the first authority's.
package struct AuthorityFile: Sendable {
    /// Blocks in one at most.
    private static let mostBlocks = 16

    package var keys: [PrivateKey]
    package var certificates: [Certificate]

    package init(keys: [PrivateKey], certificates: [Certificate]) {
        self.keys = keys
        self.certificates = certificates
    }

    package init(pem: String) throws(TransportError) {
        let blocks = try PEMBlock.all(in: pem)
        guard blocks.count <= Self.mostBlocks else { throw TransportError(.tls, "there are too many keys in one file") }
        keys = try blocks.filter(\.isPrivateKey).map { block throws(TransportError) in try PrivateKey(pem: block.text) }
        certificates = try blocks.filter(\.isCertificate)
            .map { block throws(TransportError) in try Certificate(pem: block.text) }
    }

    package var pem: String {
        get throws(TransportError) {
            let keys = try keys.map { key throws(TransportError) in try key.pem }
            let certificates = try certificates.map { certificate throws(TransportError) in try certificate.pem }
            return (keys + certificates).joined()
        }
    }
}
