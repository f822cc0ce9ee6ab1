internal import Manifest
internal import Units

/// Who this node is, kept in its data folder: its name, its signing key and how often it has started.
struct NodeIdentity: Sendable {
    let name: NodeID
    let key: SigningKey
    /// Grows with each start.
    let incarnation: UInt64

    /// Reads what is kept, makes what is missing, and counts this start.
    static func load(from folder: String, name: NodeID?, prefix: String) throws(UserError) -> NodeIdentity {
        let path = "\(folder)/identity"
        var generator = SystemRandomNumberGenerator()
        let kept = try SmallFile.read(path).map { text throws(UserError) in
            guard let kept = Kept(text) else {
                throw UserError(.dataLoss, "\(path) is damaged", hint: "Remove it to begin as a new node.")
            }
            return kept
        }
        let identity = NodeIdentity(
            name: name ?? kept?.name ?? NodeID(prefix: prefix, using: &generator),
            key: kept.flatMap { SigningKey(seed: $0.seed) } ?? SigningKey(),
            incarnation: (kept?.incarnation ?? 0) + 1
        )
        let text = "\(identity.name)\n\(Hexadecimal.encode(identity.key.seed))\n\(identity.incarnation)\n"
        try SmallFile.write(text, to: path)
        return identity
    }

    private struct Kept {
        let name: NodeID
        let seed: [UInt8]
        let incarnation: UInt64

        init?(_ text: String) {
            let lines = text.split(separator: "\n").map(String.init)
            guard lines.count == 3, let name = NodeID(lines[0]), let seed = Hexadecimal.decode(lines[1]),
                let incarnation = UInt64(lines[2])
            else { return nil }
            self.name = name
            self.seed = seed
            self.incarnation = incarnation
        }
    }
}
