import BitTorrent
import Manifest
import Units

/// Real encodings to begin with.
enum FuzzSamples {
    static func fixed<Value: FixedBytes>(_ byte: UInt8, _ type: Value.Type = Value.self) -> Value {
        guard let value = Value(bytes: [UInt8](repeating: byte, count: Value.byteCount)) else {
            preconditionFailure("a value of fixed length takes that length")
        }
        return value
    }

    static func geometry(_ size: UInt64) -> PieceGeometry {
        guard let geometry = PieceGeometry(size: ByteCount(rawValue: size), pieceLength: 65_536) else {
            preconditionFailure("64 KiB is a piece length")
        }
        return geometry
    }

    static func key(_ byte: UInt8) -> SigningKey {
        guard let key = SigningKey(seed: [UInt8](repeating: byte, count: 32)) else {
            preconditionFailure("a seed has 32 bytes")
        }
        return key
    }

    /// Certificates of two authorities in PEM.
    static let authorities = [
        """
        -----BEGIN CERTIFICATE-----
        MIIBmjCCAUCgAwIBAgIUMWQN9iMYehPRmeJky1Btb4unDN8wCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOU2x1aWNlIGNvbnRyb2wwHhcNMjYxMTI5MTc1MTE0WhcNMzYx
        MTI2MTc1MTE0WjAZMRcwFQYDVQQDDA5TbHVpY2UgY29udHJvbDBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABEHXHiIKtGw6JqXfrFto0u8vScYgc27htmDt6IpaRQ3h
        jLMn4GTOWaPDJAM/K74mlsBKMM3hHZV5mT/JVdgkawujZjBkMB0GA1UdDgQWBBQ1
        j2Mzp1BS7REgF2YhBf/B0O/cYTAfBgNVHSMEGDAWgBQ1j2Mzp1BS7REgF2YhBf/B
        0O/cYTASBgNVHRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAKBggqhkjO
        PQQDAgNIADBFAiEA8sKcYJpo8f7v4+nKFWMibl0QOjpVERLABzTxBHmy42cCIDY+
        ZzD0nuSfVwqSgm4+lFepLOgkVUscYW7UQM+kyFKU
        -----END CERTIFICATE-----

        """,
        """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUCgAwIBAgIUX+Zb+8ARQ64cqSWuuES+Xw/JIX4wCgYIKoZIzj0EAwIw
        GTEXMBUGA1UEAwwOU2x1aWNlIGNvbnRyb2wwHhcNMjYxMTI5MTc1MTE0WhcNMzYx
        MTI2MTc1MTE0WjAZMRcwFQYDVQQDDA5TbHVpY2UgY29udHJvbDBZMBMGByqGSM49
        AgEGCCqGSM49AwEHA0IABLhj9309q6ToEmf1bpd8zW5ZjhSeuY9cZChVzZTKkwwE
        XGqTESxgxSkeXaQ4kU5CJ8OCgA+AEjyYmpT/RQj6NdqjZjBkMB0GA1UdDgQWBBRh
        KxbKMOqFaUODJTHGnzZWExRefDAfBgNVHSMEGDAWgBRhKxbKMOqFaUODJTHGnzZW
        ExRefDASBgNVHRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAKBggqhkjO
        PQQDAgNJADBGAiEA3w6Gf5LmP9i4KjGgefAjsh7t3i+ggjhmS33ay7/nlHMCIQCG
        rN5UKL9BNMFumWA9tJp1+vve9W1vLARRYX6xTScwLQ==
        -----END CERTIFICATE-----

        """,
    ]

    // MARK: BitTorrent

    static var torrents: [[UInt8]] {
        ([1, 200_000] as [UInt64]).flatMap { size -> [[UInt8]] in
            let geometry = geometry(size)
            let hashes = geometry.pieceCount.indices.map {
                PieceHashes(merkleRoot: fixed(UInt8($0.rawValue)), sha1: fixed(9))
            }
            let builder = TorrentBuilder(name: "a", geometry: geometry, hashes: Array(hashes), trackers: ["http://t/a"])
            return [builder.build(.v1).content, builder.build(.hybrid).content]
        }
    }

    static var magnets: [[UInt8]] {
        let link = MagnetLink(
            v1InfoHash: fixed(1),
            v2InfoHashBytes: [UInt8](repeating: 2, count: 32),
            name: "a b",
            size: ByteCount(5),
            trackers: ["http://t/a"],
            webSeeds: ["http://w/"]
        )
        return [Array(link.text.utf8)]
    }

    static var handshake: Handshake { Handshake(infoHash: fixed(1), peerID: fixed(2)) }

    static var conversations: [[UInt8]] {
        let block = Block(piece: PieceIndex(1), offset: 16_384, length: 16_384)
        let hash = HashRequest(piecesRoot: fixed(3), baseLayer: 2, index: 0, length: 2, proofLayers: 4)
        let talks: [[PeerMessage]] = [
            [
                .haveAll, .unchoke, .interested, .request(block), .cancel(block), .reject(block),
                .suggest(PieceIndex(2)),
            ],
            [.extended(0, [1, 2]), .bitField([255, 255, 255, 255, 255]), .have(PieceIndex(9)), .keepAlive, .choke],
            [.haveNone, .allowedFast(PieceIndex(3)), .hashRequest(hash), .hashes(hash, [fixed(4)]), .port(6881)],
        ]
        return talks.map { [0] + $0.flatMap(\.encoded) }
    }

    static var extensions: [[UInt8]] {
        let handshake = ExtensionHandshake(
            identifiers: ["ut_metadata": 3],
            metadataSize: 99,
            requestQueue: 9,
            client: "c",
            site: "berlin"
        )
        let messages: [MetadataMessage] = [
            .request(piece: 0), .piece(0, totalSize: 3, bytes: [1, 2, 3]), .reject(piece: 1),
        ]
        return [handshake.encoded] + messages.map(\.encoded)
    }

    static var announce: AnnounceRequest {
        AnnounceRequest(infoHash: fixed(1), peerID: fixed(2), port: 6881, left: ByteCount(5), event: .started)
    }

    static var trackerAnswers: [[UInt8]] {
        bytes(
            "d8:intervali60e5:peers6:\u{7f}\u{1}\u{1}\u{1}\u{1}\u{1}e",
            "d8:intervali60e5:peersld2:ip9:127.0.0.14:porti6881eeee",
            "d14:failure reason4:gonee"
        )
    }

    // MARK: Manifest

    static var grant: PullGrant {
        let geometry = geometry(20 * 65_536)
        let stripes = [0..<8, 12..<20].compactMap { PieceRange($0) }
        let (control, relay) = (key(1), key(2))
        return .signed(
            blob: fixed(5),
            geometry: geometry,
            relay: relay.publicKey,
            stripes: stripes,
            epoch: Epoch(rawValue: 1),
            by: control
        )
    }

    static var batch: HashBatch {
        let hashes = (0..<3).map { PieceHashes(merkleRoot: fixed($0), sha1: fixed($0)) }
        return .signed(firstPiece: PieceIndex(12), hashes: hashes, grant: grant, by: key(2))
    }

    static var batchRequest: BatchRequest? {
        PieceRange(first: PieceIndex(3), count: PieceCount(4)).map { BatchRequest($0) }
    }
}
