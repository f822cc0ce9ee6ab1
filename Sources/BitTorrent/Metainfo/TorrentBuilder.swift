package import Manifest
internal import Units

/// Builds the torrent of one file (BEP 3, BEP 52), the same bytes on every node: the info dictionary
/// depends on name, geometry and hashes alone; trackers and web seeds (BEP 12, BEP 19) stand outside it.
package struct TorrentBuilder: Sendable {
    private let name: String
    private let geometry: PieceGeometry
    private let hashes: [PieceHashes]
    private let trackers: [String]
    private let webSeeds: [String]

    /// Traps where there is not one pair of hashes a piece.
    package init(
        name: String,
        geometry: PieceGeometry,
        hashes: [PieceHashes],
        trackers: [String] = [],
        webSeeds: [String] = []
    ) {
        precondition(hashes.count == geometry.pieceCount.int, "a torrent needs the hashes of every piece")
        self.name = name
        self.geometry = geometry
        self.hashes = hashes
        self.trackers = trackers
        self.webSeeds = webSeeds
    }

    /// The torrent, its hashes and its magnet link.
    package func build(_ version: TorrentVersion = .hybrid) -> BuiltTorrent {
        let info = infoDictionary(version).encoded
        var root: [String: BencodeValue] = [:]
        if let first = trackers.first { root["announce"] = .text(first) }
        if trackers.count > 1 { root["announce-list"] = .list(trackers.map { .list([.text($0)]) }) }
        if !webSeeds.isEmpty { root["url-list"] = .list(webSeeds.map { .text($0) }) }
        if version == .hybrid { root["piece layers"] = pieceLayers }
        // The dictionary's bytes go in as they were hashed.
        let content = Self.dictionary(root, info: info)
        guard let v1Hash = InfoHash(bytes: SHA1Hasher.digest(of: info).bytes) else {
            preconditionFailure("a SHA-1 digest is as long as an info-hash")
        }
        let v2 = version == .hybrid ? SHA256Hasher.digest(of: info).bytes : nil
        let link = MagnetLink(
            v1InfoHash: v1Hash,
            v2InfoHashBytes: v2,
            name: name,
            size: geometry.size,
            trackers: trackers,
            webSeeds: webSeeds
        )
        return BuiltTorrent(
            content: content,
            info: info,
            v1InfoHash: v1Hash,
            v2InfoHashBytes: v2,
            magnetLink: link.text
        )
    }

    private var pieceLayers: BencodeValue {
        guard hashes.count > 1, let fileRoot else { return .dictionary([:]) }
        return .dictionary([fileRoot.bytes: .string(hashes.flatMap(\.merkleRoot.bytes))])
    }

    private var fileRoot: SHA256Digest? {
        MerkleTree.fileRoot(pieceRoots: hashes.map(\.merkleRoot), geometry: geometry)
    }

    private func infoDictionary(_ version: TorrentVersion) -> BencodeValue {
        let length = BencodeValue.integer(Int64(clamping: geometry.size.rawValue))
        var fields: [String: BencodeValue] = [
            "length": length,
            "name": .text(name),
            "piece length": .integer(Int64(geometry.pieceLength)),
            "pieces": .string(hashes.flatMap(\.sha1.bytes)),
        ]
        guard version == .hybrid else { return .fields(fields) }
        var file = ["length": length]
        if let fileRoot { file["pieces root"] = .string(fileRoot.bytes) }
        fields["file tree"] = .fields([name: .fields(["": .fields(file)])])
        fields["meta version"] = .integer(2)
        return .fields(fields)
    }

    private static func dictionary(_ fields: [String: BencodeValue], info: [UInt8]) -> [UInt8] {
        var output: [UInt8] = [UInt8(ascii: "d")]
        for key in (Array(fields.keys) + ["info"]).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            BencodeValue.text(key).encode(into: &output)
            if let value = fields[key] { value.encode(into: &output) } else { output.append(contentsOf: info) }
        }
        output.append(UInt8(ascii: "e"))
        return output
    }
}
