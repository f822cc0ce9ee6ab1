package import Manifest
internal import Units

/// Builds the hybrid v1+v2 torrent of one file (BEP 3, BEP 52), the same bytes on every node: the info dictionary
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
    package func build() -> BuiltTorrent {
        let info = infoDictionary.encoded
        var root: [String: BencodeValue] = [:]
        if let first = trackers.first { root["announce"] = .text(first) }
        if trackers.count > 1 { root["announce-list"] = .list(trackers.map { .list([.text($0)]) }) }
        if !webSeeds.isEmpty { root["url-list"] = .list(webSeeds.map { .text($0) }) }
        if hashes.count > 1, let fileRoot {
            let layer = hashes.flatMap(\.merkleRoot.bytes)
            root["piece layers"] = .dictionary([fileRoot.bytes: .string(layer)])
        } else {
            root["piece layers"] = .dictionary([:])
        }
        // The dictionary's bytes go in as they were hashed.
        let content = Self.dictionary(root, info: info)
        let v1 = SHA1Hasher.digest(of: info).bytes
        let v2 = SHA256Hasher.digest(of: info).bytes
        guard let v1Hash = InfoHash(bytes: v1), let v2Hash = InfoHash(bytes: v2.prefix(InfoHash.byteCount)) else {
            preconditionFailure("digests are long enough for info-hashes")
        }
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
            v2InfoHash: v2Hash,
            v2InfoHashBytes: v2,
            magnetLink: link.text
        )
    }

    private var fileRoot: SHA256Digest? {
        MerkleTree.fileRoot(pieceRoots: hashes.map(\.merkleRoot), geometry: geometry)
    }

    private var infoDictionary: BencodeValue {
        var file: [String: BencodeValue] = ["length": .integer(Int64(clamping: geometry.size.rawValue))]
        if let fileRoot { file["pieces root"] = .string(fileRoot.bytes) }
        return .fields([
            "file tree": .fields([name: .fields(["": .fields(file)])]),
            "length": .integer(Int64(clamping: geometry.size.rawValue)),
            "meta version": .integer(2),
            "name": .text(name),
            "piece length": .integer(Int64(geometry.pieceLength)),
            "pieces": .string(hashes.flatMap(\.sha1.bytes)),
        ])
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
