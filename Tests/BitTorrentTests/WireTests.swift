import Manifest
import Testing
import Units

@testable import BitTorrent

@Suite struct WireTests {
    private let block = Block(piece: PieceIndex(1), offset: 16_384, length: 16_384)

    @Test func `a request is the bytes of BEP 3`() {
        let expected: [UInt8] = [0, 0, 0, 13, 6, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 0, 0x40, 0]
        #expect(PeerMessage.request(block).encoded == expected)
    }

    @Test func `messages come back as they were sent`() throws {
        let messages: [PeerMessage] = [
            .keepAlive, .choke, .unchoke, .interested, .notInterested, .have(PieceIndex(9)), .bitField([0x80]),
            .request(block), .cancel(block), .reject(block), .haveAll, .haveNone, .suggest(PieceIndex(2)),
            .allowedFast(PieceIndex(3)), .extended(4, [1, 2]), .port(6881),
        ]
        for message in messages {
            let bytes = message.encoded
            let frame = try PeerWire.frame(in: bytes.span)
            #expect(frame == PeerFrame(message: message, byteCount: bytes.count))
            #expect(try PeerWire.frame(in: Array(bytes.dropLast()).span) == nil)
        }
    }

    @Test func `a handshake round-trips`() throws {
        let handshake = Handshake(
            infoHash: try #require(InfoHash(bytes: Array(repeating: 1, count: 20))),
            peerID: try #require(PeerID(bytes: Array(repeating: 2, count: 20)))
        )
        #expect(try Handshake.decode(handshake.encoded) == handshake)
        #expect(throws: WireError.notBitTorrent) { try Handshake.decode(Array("GET / HTTP".utf8)) }
    }

    @Test func `a site is told, and one without a name or with too long a one counts as none`() throws {
        let hello = ExtensionHandshake(identifiers: ["sl_manifest": 2], port: 6881, site: "berlin")
        #expect(try ExtensionHandshake(decoding: hello.encoded) == hello)
        for (name, isRead) in [
            ("", false), (String(repeating: "b", count: 63), true), (String(repeating: "b", count: 64), false),
        ] {
            let hello = ExtensionHandshake(identifiers: [:], site: name)
            #expect(try ExtensionHandshake(decoding: hello.encoded).site == (isRead ? name : nil))
        }
    }

    @Test func `a built torrent is read back with both hashes of every piece`() throws {
        let geometry = try #require(PieceGeometry(size: ByteCount(150_000), pieceLength: 65_536))
        let hashes: [PieceHashes] = geometry.pieceCount.indices.map { piece -> PieceHashes in
            var hasher = PieceHasher(geometry: geometry, piece: piece)
            let bytes = [UInt8](repeating: UInt8(piece.rawValue), count: Int(geometry.length(of: piece)))
            unsafe hasher.update(bytes.span.bytes)
            return hasher.finish()
        }
        let built = TorrentBuilder(name: "a", geometry: geometry, hashes: hashes, trackers: ["http://t/announce"])
            .build()
        let read = try Metainfo(decoding: built.content)
        #expect(read.expectations == hashes.map { .both($0) })
        #expect(read.infoHashes == built.infoHashes)
        #expect(read.info == built.info)
        #expect(read.magnetLink == built.magnetLink)
    }

    @Test func `version 1 alone has no key that older clients cannot read`() throws {
        let geometry = try #require(PieceGeometry(size: ByteCount(65_536), pieceLength: 65_536))
        var hasher = PieceHasher(geometry: geometry, piece: PieceIndex(0))
        unsafe hasher.update([UInt8](repeating: 7, count: 65_536).span.bytes)
        let hashes = [hasher.finish()]
        let builder = TorrentBuilder(name: "a", geometry: geometry, hashes: hashes, trackers: ["http://t/announce"])
        let classic = builder.build(.v1)
        let info = try BencodeValue(decoding: classic.info)
        #expect(
            Set((info.dictionary ?? [:]).keys)
                == Set(["length", "name", "piece length", "pieces"].map { Array($0.utf8) })
        )
        let read = try Metainfo(decoding: classic.content)
        #expect(read.infoHashes == classic.infoHashes && read.infoHashes.count == 1)
        #expect(read.expectations == hashes.map { .sha1($0.sha1) })
        let hybrid = try Metainfo(decoding: builder.build(.hybrid).content)
        #expect(hybrid.versionOne?.content == classic.content)
        #expect(read.versionOne == nil)
    }
}
