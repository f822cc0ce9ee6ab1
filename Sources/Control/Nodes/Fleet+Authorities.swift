internal import Logging
internal import SluiceAPI
internal import Transport

/// Which authorities nodes trust, and when they have their certificates renewed by another.
extension Fleet {
    /// Nodes that may renew in a second: each proves itself twice, and comes back.
    private static var renewalsPerSecond: Int { 500 }

    /// The authorities have changed. With `renews` every node is asked for a new certificate.
    func authoritiesChanged(_ authorities: AuthoritySet, renews: Bool) {
        self.authorities = authorities
        let connected = nodes.values.filter(\.isConnected)
        for node in connected {
            var message = TrustedAuthorities()
            message.certificates = authorities.text
            if renews { message.renewWithin = Self.renewalWindow(among: connected.count) }
            node.stream?.send(.authorities(message))
        }
        if renews, !connected.isEmpty { logger.info("\(connected.count) nodes were asked to renew their certificates") }
    }

    /// What a node is told that comes up with a certificate by this authority.
    func trusted(showing authority: [UInt8]?) -> TrustedAuthorities? {
        guard let authorities else { return nil }
        var message = TrustedAuthorities()
        message.certificates = authorities.text
        if let authority, authority != authorities.active.certificate.fingerprint {
            message.renewWithin = Self.renewalWindow(among: nodes.count)
        }
        return message
    }

    private static func renewalWindow(among count: Int) -> ProtoDuration {
        ProtoDuration(.seconds(max(1, count / renewalsPerSecond)))
    }
}
