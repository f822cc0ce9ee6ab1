internal import NIOCore
internal import SluiceAPI
internal import Transport
internal import Units

/// What a node may say of itself when it comes.
extension Hello {
    /// Tasks that it may name: as many as a node remembers (`TaskInbox.maximumTasks`).
    static let mostTasks = 100_000
    private static let mostLabels = 64
    /// Of a label's key and value, and of a version, in bytes.
    private static let longestWord = 63
    /// A host name, a colon and a port.
    private static let longestAddress = 253 + 6
    /// Of an Ed25519 key, in bytes.
    private static let keyLength = 32

    /// The node that it tells of, as the others reach it; throws where it breaks a rule.
    func node(seenFrom remote: SocketAddress?) throws(UserError) -> (id: NodeID, node: Node) {
        var node = node ?? Node()
        guard let id = NodeID(node.name) else { throw UserError(.invalidArgument, "a node's name breaks the rules") }
        guard node.role == .relay || node.role == .agent else {
            throw UserError(.invalidArgument, "a node is a relay or an agent")
        }
        guard node.labels.count <= Self.mostLabels,
            node.labels.allSatisfy({
                (1...Self.longestWord).contains($0.key.utf8.count) && $0.value.utf8.count <= Self.longestWord
            })
        else { throw UserError(.invalidArgument, "a node has at most 64 labels, keys of 1 to 63 bytes, values of 63") }
        guard node.version.utf8.count <= Self.longestWord, node.address.utf8.count <= Self.longestAddress else {
            throw UserError(.invalidArgument, "a node's version or address is too long")
        }
        guard publicKey.isEmpty || publicKey.count == Self.keyLength else {
            throw UserError(.invalidArgument, "a relay's key has 32 bytes")
        }
        guard tasks.count <= Self.mostTasks else {
            throw UserError(.invalidArgument, "a hello names at most \(Self.mostTasks) tasks")
        }
        node.connected = false
        node.lastSeenTime = nil
        node.authority = ""
        node.certificateExpireTime = nil
        node.address = Self.reachable(node.address, seenFrom: remote)
        return (id, node)
    }

    /// A node that listens on every address is reached at the one its stream comes from.
    private static func reachable(_ address: String, seenFrom remote: SocketAddress?) -> String {
        guard let colon = address.lastIndex(of: ":"), let seen = remote?.ipAddress else { return address }
        let host = address[..<colon]
        guard host == "0.0.0.0" || host == "[::]" || host == "::" else { return address }
        return URLAuthority.bracketed(seen) + address[colon...]
    }
}
