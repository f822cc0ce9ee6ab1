import Download
import Manifest
import Testing
import Units

/// Sources at this node's site and at others.
@Suite struct SiteTests {
    private let geometry: PieceGeometry
    private let nearRelay = SourceID(rawValue: 2)
    private let farRelay = SourceID(rawValue: 4)
    private let farAgent = SourceID(rawValue: 6)
    private let nearHTTP = SourceID(rawValue: 7)

    init() throws { geometry = try #require(PieceGeometry(size: ByteCount(8 << 20), pieceLength: 65_536)) }

    /// Who has been asked, and for what.
    private struct Asked {
        var blocks: [SourceID: [Block]] = [:]

        mutating func take(_ actions: inout [DownloadAction]) {
            for case .request(let id, let asked) in actions { blocks[id, default: []] += asked }
            actions = []
        }
    }

    /// Far sources that have everything, and a relay nearby that has the first pieces.
    private func engine(nearPieces: Int?) -> (DownloadEngine, Asked) {
        var engine = DownloadEngine(
            geometry: geometry,
            verified: PieceSet(capacity: geometry.pieceCount),
            policy: AssistPolicy(),
            seed: 1,
            at: .zero
        )
        var actions: [DownloadAction] = []
        if nearPieces != nil {
            let none = PieceSet(capacity: geometry.pieceCount)
            engine.sourceAdded(nearRelay, .relayPeer, has: none, isChoked: false, at: .zero, into: &actions)
        }
        for (id, kind) in [(farRelay, SourceKind.relayPeer), (farAgent, .agentPeer)] {
            let all = PieceSet(full: geometry.pieceCount)
            engine.sourceAdded(id, kind, has: all, isChoked: true, at: .zero, into: &actions)
            engine.sourceIsFar(id, at: .zero)
            engine.sourceUnchoked(id, at: .zero, into: &actions)
        }
        let near = (0..<(nearPieces ?? 0)).map { PieceIndex($0) }
        engine.sourceHas(nearRelay, near, at: .zero, into: &actions)
        var asked = Asked()
        asked.take(&actions)
        engine.checkInvariants()
        return (engine, asked)
    }

    @Test func `while a relay nearby brings something, nobody at another site is asked`() throws {
        var (engine, asked) = engine(nearPieces: 40)
        var actions: [DownloadAction] = []
        for second in 1...20 {
            let now = BootTime.zero + .seconds(second)
            let block = try #require(asked.blocks[nearRelay]?.first)
            asked.blocks[nearRelay]?.removeFirst()
            _ = engine.blockArrived(nearRelay, block, at: now, into: &actions)
            engine.tick(at: now + .milliseconds(900), into: &actions)
            asked.take(&actions)
        }
        #expect(Set(asked.blocks.keys) == [nearRelay])
        engine.checkInvariants()
    }

    @Test func `those at other sites are asked where nothing more comes from here`() {
        var (engine, asked) = engine(nearPieces: 0)
        var actions: [DownloadAction] = []
        engine.tick(at: .zero + .milliseconds(1_900), into: &actions)
        asked.take(&actions)
        #expect(asked.blocks.isEmpty)
        engine.tick(at: .zero + .milliseconds(2_000), into: &actions)
        asked.take(&actions)
        #expect(Set(asked.blocks.keys) == [farRelay, farAgent])
    }

    @Test func `without a relay nearby the site makes no difference`() {
        var (engine, asked) = engine(nearPieces: nil)
        #expect(Set(asked.blocks.keys) == [farRelay, farAgent])

        (engine, asked) = self.engine(nearPieces: 1)
        #expect(Set(asked.blocks.keys) == [nearRelay])
        var actions: [DownloadAction] = []
        engine.sourceLost(nearRelay, at: .zero, into: &actions)
        asked.take(&actions)
        #expect(asked.blocks.keys.contains(farRelay))
        engine.checkInvariants()
    }

    @Test func `HTTP assist takes from a relay at this site, and from others where that brings nothing`() {
        var policy = AssistPolicy()
        policy.bitTorrentIsDisabled = true
        let none = PieceSet(capacity: geometry.pieceCount)
        var engine = DownloadEngine(geometry: geometry, verified: none, policy: policy, seed: 1, at: .zero)
        var actions: [DownloadAction] = []
        // The far one comes first in the order of sources.
        for id in [farRelay, nearHTTP] {
            let all = PieceSet(full: geometry.pieceCount)
            engine.sourceAdded(id, .relayHTTP, has: all, isChoked: false, at: .zero, into: &actions)
            if id == farRelay { engine.sourceIsFar(id, at: .zero) }
        }
        engine.piecesProvable(Array(geometry.pieceCount.indices), at: .zero, into: &actions)
        engine.tick(at: .zero + .milliseconds(100), into: &actions)
        func fetchers() -> Set<SourceID> {
            defer { actions = [] }
            return Set(actions.compactMap { if case .fetch(let id, _, _) = $0 { id } else { nil } })
        }
        #expect(fetchers() == [nearHTTP])
        engine.tick(at: .zero + .milliseconds(1_900), into: &actions)
        #expect(fetchers().isEmpty)
        engine.tick(at: .zero + .milliseconds(2_200), into: &actions)
        #expect(fetchers() == [farRelay])
        engine.checkInvariants()
    }
}
