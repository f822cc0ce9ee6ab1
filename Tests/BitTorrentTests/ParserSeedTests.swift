import Manifest
import Testing
import Units

@testable import BitTorrent

/// Random bytes never trap a parser.
@Suite struct ParserSeedTests {
    @Test(arguments: 0..<64) func `random and mangled bytes never trap a parser`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let geometry = try #require(PieceGeometry(size: ByteCount(300_000), pieceLength: 65_536))
        var state = PeerConnectionState(geometry: geometry, speaksFast: seed % 2 == 0)
        for _ in 0..<200 {
            let length = Int.random(in: 0..<120, using: &generator)
            let raw = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = (0..<length).map { _ in Array("dlie0123456789:-%&=".utf8).randomElement(using: &generator) ?? 0 }
            for bytes in [raw, text] {
                _ = try? BencodeValue(decoding: bytes)
                _ = try? Metainfo(decoding: bytes)
                _ = try? Handshake.decode(bytes)
                _ = try? ExtensionHandshake(decoding: bytes)
                _ = try? MetadataMessage.decode(bytes)
                _ = try? AnnounceRequest(query: String(decoding: bytes, as: UTF8.self))
                _ = try? MagnetLink(parsing: "magnet:?" + String(decoding: bytes, as: UTF8.self))
                var announce = TrackerAnnounce(tracker: "http://t/a", at: .zero)
                _ = try? announce.answered(bytes, at: .zero)
                let id = UInt8.random(in: 0...24, using: &generator)
                let framed = [0, 0, 0, UInt8(bytes.count + 1), id] + bytes
                guard let frame = try? PeerWire.frame(in: framed.span) else { continue }
                #expect(frame.byteCount <= framed.count)
                var actions: [PeerAction] = []
                try? state.messageArrived(frame.message, have: { _ in true }, into: &actions)
            }
        }
    }
}
