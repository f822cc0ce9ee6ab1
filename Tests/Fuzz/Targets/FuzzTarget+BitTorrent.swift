import BitTorrent
import Manifest
import Units

extension FuzzTarget {
    static let bitTorrent: [FuzzTarget] = [
        FuzzTarget("bencode", seeds: { bytes("d3:abci-12e1:lli0e4:spamee", "le", "0:") }, check: bencode),
        FuzzTarget("metainfo", seeds: { FuzzSamples.torrents }, check: metainfo),
        FuzzTarget("magnet", seeds: { FuzzSamples.magnets }, check: magnet),
        FuzzTarget("handshake", maximumBytes: 128, seeds: { [FuzzSamples.handshake.encoded] }, check: handshake),
        FuzzTarget("peer-wire", maximumBytes: 4096, seeds: { FuzzSamples.conversations }, check: peerWire),
        FuzzTarget("extensions", seeds: { FuzzSamples.extensions }, check: extensions),
        FuzzTarget("announce", seeds: { [Array(FuzzSamples.announce.query.utf8)] }, check: announce),
        FuzzTarget("tracker-answer", seeds: { FuzzSamples.trackerAnswers }, check: trackerAnswer),
    ]

    private static func bencode(_ input: [UInt8]) {
        var parser = BencodeParser(input)
        if let range = try? parser.range(ofKey: "info") {
            precondition(range.upperBound <= input.count, "a value ends beyond its text")
        }
        guard let value = try? BencodeValue(decoding: input) else { return }
        let encoded = value.encoded
        precondition(encoded.count == input.count, "the canonical form has another length")
        precondition((try? BencodeValue(decoding: encoded)) == value, "bencoding does not come back")
    }

    private static func metainfo(_ input: [UInt8]) {
        guard let torrent = try? Metainfo(decoding: input) else { return }
        precondition(torrent.expectations.count == torrent.geometry.pieceCount.int, "not one hash a piece")
        precondition(!torrent.infoHashes.isEmpty, "a torrent without an info-hash")
        precondition(!torrent.name.utf8.contains(UInt8(ascii: "/")), "a name that leaves its folder")
        if let link = try? MagnetLink(parsing: torrent.magnetLink) {
            precondition(link.v1InfoHash == torrent.v1InfoHash && link.name == torrent.name, "another magnet link")
        }
        guard let classic = torrent.versionOne else { return }
        let again = try? Metainfo(decoding: classic.content)
        precondition(again?.geometry == torrent.geometry && again?.name == torrent.name, "another torrent of version 1")
    }

    private static func magnet(_ input: [UInt8]) {
        guard let link = try? MagnetLink(parsing: text(input)) else { return }
        // Escapes make it longer, maybe past the limit.
        guard let again = try? MagnetLink(parsing: link.text) else { return }
        precondition(again == link, "a magnet link does not come back")
    }

    private static func handshake(_ input: [UInt8]) {
        guard let handshake = try? Handshake.decode(input) else { return }
        precondition((try? Handshake.decode(handshake.encoded)) == handshake, "a handshake does not come back")
    }

    /// The first byte says how the connection is; frames follow. Now and then we do something too.
    private static func peerWire(_ input: [UInt8]) {
        guard let first = input.first,
            let geometry = PieceGeometry(size: ByteCount(40 * 65_536 - 7), pieceLength: 65_536)
        else { return }
        var state = PeerConnectionState(geometry: geometry, speaksFast: first & 1 == 0)
        var actions: [PeerAction] = []
        if first & 2 == 0 { state.setChoking(false, into: &actions) }
        var offset = 1
        _ = PeerWire.expectedByteCount(in: input.span)
        while let frame = try? PeerWire.frame(in: input.span, at: offset) {
            precondition(frame.byteCount >= 4 && offset + frame.byteCount <= input.count, "a frame beyond its bytes")
            expectSameFrame(frame, input[offset..<offset + frame.byteCount])
            offset += frame.byteCount
            do { try state.messageArrived(frame.message, have: { $0.rawValue % 3 != 0 }, into: &actions) } catch {
                return
            }
            answer(frame.message, geometry, &state, &actions)
            precondition(state.queuedUploads <= BitTorrent.Limits.maximumQueuedRequests, "too many uploads wait")
        }
    }

    private static func expectSameFrame(_ frame: PeerFrame, _ sent: ArraySlice<UInt8>) {
        switch frame.message {
        case .unknown: break
        case .piece: precondition(sent.starts(with: frame.message.encoded), "a piece's head does not come back")
        default: precondition(frame.message.encoded.elementsEqual(sent), "a message does not come back")
        }
    }

    private static func answer(
        _ message: PeerMessage,
        _ geometry: PieceGeometry,
        _ state: inout PeerConnectionState,
        _ actions: inout [PeerAction]
    ) {
        switch message {
        case .unchoke, .have:
            for piece in state.peerPieces.pieces.prefix(2) {
                _ = state.request(geometry.block(0, of: piece), at: .zero)
            }
        case .request: _ = state.nextUpload()
        case .interested: state.setChoking(false, into: &actions)
        case .notInterested: state.setChoking(true, into: &actions)
        case .hashRequest(let request):
            let roots = (0..<geometry.pieceCount.int).map { _ in SHA256Hasher.digest(of: []) }
            let layers = MerkleLayers(over: roots, height: MerkleTree.pieceLayerHeight(geometry))
            _ = request.answer(from: layers, geometry: geometry)
        default: break
        }
    }

    private static func extensions(_ input: [UInt8]) {
        if let handshake = try? ExtensionHandshake(decoding: input) {
            precondition((try? ExtensionHandshake(decoding: handshake.encoded)) == handshake, "does not come back")
        }
        guard let message = try? MetadataMessage.decode(input) else { return }
        precondition((try? MetadataMessage.decode(message.encoded)) == message, "metadata does not come back")
        guard case .request(let piece) = message else { return }
        let info = [UInt8](repeating: 1, count: 20_000)
        let answer = MetadataMessage.answer(piece: piece, info: info)
        precondition((try? MetadataMessage.decode(answer.encoded)) == answer, "an answer does not come back")
    }

    private static func announce(_ input: [UInt8]) {
        var tracker = TrackerSwarm(seed: 1)
        guard let request = try? AnnounceRequest(query: text(input)) else {
            let refused = tracker.announced(query: text(input), source: [127, 0, 0, 1], at: .zero).body
            precondition((try? BencodeValue(decoding: refused))?[key: "failure reason"] != nil, "not refused")
            return
        }
        // Every field but the event's absence is said again.
        precondition((try? AnnounceRequest(query: request.query)) == request, "an announce does not come back")
        tracker.allow(request.infoHash)
        if let other = PeerAddress(address: [10, 0, 0, 1], port: 1),
            let id = PeerID(bytes: [UInt8](repeating: 7, count: 20))
        {
            tracker.peerSeen(other, id: id, isSeed: true, in: request.infoHash, at: .zero)
        }
        for source in [[127, 0, 0, 1], [UInt8](repeating: 2, count: 16), []] as [[UInt8]] {
            let body = tracker.announced(query: request.query, source: source, at: .zero).body
            var client = TrackerAnnounce(tracker: "http://t/announce", at: .zero)
            let peers = try? client.answered(body, at: .zero)
            precondition(source.isEmpty == (peers == nil), "the tracker's answer is not understood")
            precondition((peers ?? []).count <= BitTorrent.Limits.maximumPeersPerAnswer, "too many peers")
        }
    }

    private static func trackerAnswer(_ input: [UInt8]) {
        var client = TrackerAnnounce(tracker: "http://t/announce", at: .zero)
        for _ in 0..<12 {
            let peers = (try? client.answered(input, at: .zero)) ?? []
            precondition(peers.allSatisfy { $0.port != 0 }, "a peer without a port")
            precondition(client.nextAnnounce > .zero, "an announce right after the last")
        }
    }
}
