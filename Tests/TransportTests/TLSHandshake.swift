import Foundation

@testable import Transport

/// Identities by authorities of a test's own, and handshakes between two contexts without a socket.
enum TLSHandshake {
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970) }

    /// One for 127.0.0.1 and localhost, as a server and as a client.
    static func identity(
        _ authority: CertificateAuthority,
        uri: String,
        from now: Int64,
        lifetime: Int64 = 3600,
        chain: [Certificate] = []
    ) throws -> TLSIdentity {
        let key = try PrivateKey()
        var profile = CertificateProfile(commonName: "test", lifetime: lifetime)
        profile.addresses = ["127.0.0.1"]
        profile.dnsNames = ["localhost"]
        profile.uris = [uri]
        profile.isServer = true
        profile.isClient = true
        let certificate = try authority.issue(profile, for: CertificateRequest(key: key), now: now)
        return TLSIdentity(certificate: certificate, key: key, chain: chain)
    }

    /// Both ends behind a handshake; nil where it failed.
    static func connected(
        server: TLSServerContext,
        client: TLSClientContext
    ) throws -> (near: TLSSession, far: TLSSession)? {
        let (near, far) = (
            try TLSSession(client: client, serverName: "127.0.0.1", alpn: ["h2"]), try TLSSession(server: server)
        )
        for _ in 0..<8 {
            do {
                let isClientDone = try near.handshake()
                if let bytes = near.takeOutput() { far.feed(bytes) }
                let isServerDone = try far.handshake()
                if let bytes = far.takeOutput() { near.feed(bytes) }
                if isClientDone, isServerDone { return (near, far) }
            } catch {
                return nil
            }
        }
        return nil
    }
}
