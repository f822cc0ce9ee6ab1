/// What a certificate says of whom it is for.
package struct CertificateProfile: Hashable, Sendable {
    /// For people; nothing is decided by it.
    package var commonName: String
    package var dnsNames: [String] = []
    /// IPv4 and IPv6 addresses.
    package var addresses: [String] = []
    package var uris: [String] = []
    /// Whether its holder may be a TLS server, and a TLS client.
    package var isServer = false
    package var isClient = false
    /// Seconds from now until it ends.
    package var lifetime: Int64

    package init(commonName: String, lifetime: Int64) {
        self.commonName = commonName
        self.lifetime = lifetime
    }

    /// The subject alternative names as OpenSSL reads them; nil where a name could be taken for more than one.
    var alternativeNames: String? {
        let all = dnsNames.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" } + uris.map { "URI:\($0)" }
        let isPlain = (dnsNames + addresses + uris).allSatisfy { name in
            !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !",\"\\#;".utf8.contains($0) }
        }
        return isPlain && !all.isEmpty ? all.joined(separator: ",") : nil
    }
}
