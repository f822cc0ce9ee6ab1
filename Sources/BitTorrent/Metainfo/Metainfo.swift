package import Manifest
package import Units

/// A `.torrent` of one file: v1, v2 or hybrid (BEP 3, BEP 52).
package struct Metainfo: Hashable, Sendable {
    /// One path component.
    package let name: String
    package let geometry: PieceGeometry
    /// One a piece.
    package let expectations: [PieceExpectation]
    /// The info dictionary's bytes, as they are hashed.
    package let info: [UInt8]
    /// Nil for a torrent of version 2 alone.
    package let v1InfoHash: InfoHash?
    /// Nil for a torrent of version 1 alone; 32 bytes.
    package let v2InfoHashBytes: [UInt8]?
    package let trackers: [String]
    package let webSeeds: [String]

    /// Under which peers may ask for it: version 1 first.
    package var infoHashes: [InfoHash] {
        [v1InfoHash, v2InfoHashBytes.flatMap { InfoHash(bytes: $0.prefix(InfoHash.byteCount)) }].compactMap(\.self)
    }

    /// The magnet link.
    package var magnetLink: String {
        MagnetLink(
            v1InfoHash: v1InfoHash,
            v2InfoHashBytes: v2InfoHashBytes,
            name: name,
            size: geometry.size,
            trackers: trackers,
            webSeeds: webSeeds
        ).text
    }

    /// The same file as a torrent of version 1 alone, for clients that cannot read version 2; nil where a SHA-1 is unknown.
    package var versionOne: (content: [UInt8], magnetLink: String)? {
        let hashes = expectations.compactMap(\.hashes)
        guard hashes.count == expectations.count else { return nil }
        let builder = TorrentBuilder(
            name: name,
            geometry: geometry,
            hashes: hashes,
            trackers: trackers,
            webSeeds: webSeeds
        )
        let built = builder.build(.v1)
        return (built.content, built.magnetLink)
    }

    /// Reads a torrent of one file; total.
    package init(decoding bytes: [UInt8]) throws(MetainfoError) {
        guard bytes.count <= Limits.maximumTorrentBytes else { throw MetainfoError("the torrent is too long") }
        let root: BencodeValue
        let range: Range<Int>?
        do {
            root = try BencodeValue(decoding: bytes)
            var parser = BencodeParser(bytes)
            range = try parser.range(ofKey: "info")
        } catch {
            throw MetainfoError("the torrent is not bencoded: \(error)")
        }
        guard let range, let info = root[key: "info"] else { throw MetainfoError("the torrent has no info dictionary") }
        let raw = Array(bytes[range])
        let fields = try InfoFields(info)
        let roots = try fields.isV2 ? Self.pieceRoots(fields, root[key: "piece layers"]) : nil
        let digests = try fields.pieces.map { bytes throws(MetainfoError) in
            try Self.digests(bytes, count: fields.geometry.pieceCount)
        }
        switch (roots, digests) {
        case (let roots?, let digests?):
            expectations = zip(roots, digests).map { .both(PieceHashes(merkleRoot: $0, sha1: $1)) }
        case (let roots?, nil): expectations = roots.map { .merkleRoot($0) }
        case (nil, let digests?): expectations = digests.map { .sha1($0) }
        case (nil, nil): throw MetainfoError("the torrent has no piece hashes")
        }
        name = fields.name
        geometry = fields.geometry
        self.info = raw
        v1InfoHash = fields.pieces == nil ? nil : InfoHash(bytes: SHA1Hasher.digest(of: raw).bytes)
        v2InfoHashBytes = fields.isV2 ? SHA256Hasher.digest(of: raw).bytes : nil
        trackers = Self.trackers(root)
        webSeeds =
            root[key: "url-list"]?.text.map { [$0] } ?? root[key: "url-list"]?.list?.compactMap(\.text) ?? []
    }

    private static func digests(_ pieces: [UInt8], count: PieceCount) throws(MetainfoError) -> [SHA1Digest] {
        guard pieces.count == count.int * SHA1Digest.byteCount else {
            throw MetainfoError("the torrent has not one SHA-1 hash a piece")
        }
        return stride(from: 0, to: pieces.count, by: SHA1Digest.byteCount).compactMap {
            SHA1Digest(bytes: pieces[$0..<$0 + SHA1Digest.byteCount])
        }
    }

    private static func pieceRoots(
        _ fields: InfoFields,
        _ layers: BencodeValue?
    ) throws(MetainfoError) -> [SHA256Digest] {
        guard fields.geometry.pieceCount.rawValue > 0 else { return [] }
        guard let root = fields.piecesRoot else { throw MetainfoError("the torrent lacks its pieces root") }
        guard fields.geometry.pieceCount.rawValue > 1 else { return [root] }
        guard let layer = layers?.dictionary?[root.bytes]?.bytes,
            layer.count == fields.geometry.pieceCount.int * SHA256Digest.byteCount
        else { throw MetainfoError("the torrent lacks its piece layer") }
        let roots = stride(from: 0, to: layer.count, by: SHA256Digest.byteCount).compactMap {
            SHA256Digest(bytes: layer[$0..<$0 + SHA256Digest.byteCount])
        }
        guard MerkleTree.fileRoot(pieceRoots: roots, geometry: fields.geometry) == root else {
            throw MetainfoError("the torrent's piece layer does not lead to its pieces root")
        }
        return roots
    }

    private static func trackers(_ root: BencodeValue) -> [String] {
        var found = root[key: "announce"]?.text.map { [$0] } ?? []
        for tier in root[key: "announce-list"]?.list ?? [] {
            for tracker in tier.list ?? [] {
                if let text = tracker.text, !found.contains(text) { found.append(text) }
            }
        }
        return found
    }
}
