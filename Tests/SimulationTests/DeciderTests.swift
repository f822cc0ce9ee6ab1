import BitTorrent
import Manifest
import Scheduling
import Testing
import Units

@testable import Download
@testable import PieceCache

/// Properties of the deciders that no network stands between.
@Suite struct DeciderTests {
    @Test(arguments: Seeds.blocks)
    func `a pull has as many connections as make it faster, whatever the origin gives`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let maximum = generator.pick(1...6)
            let (whole, each) = (generator.pick(200_000...2_000_000), generator.pick(100_000...2_000_000))
            let rate = { (connections: Int) in min(whole, connections * each) }
            var (pull, now) = (PullConnections(maximum: maximum), BootTime.zero + .seconds(1))
            pull.asked(at: now)
            now = now + .milliseconds(generator.pick(1...30))
            let runsDryUntil = generator.pick(0...100)
            for step in 0..<400 {
                if step < runsDryUntil, generator.chance(20) {
                    pull.ranDry(at: now)
                    now = now + .milliseconds(generator.pick(0...5_000))
                    pull.asked(at: now)
                }
                let (count, percent) = (pull.allowed, generator.pick(98...102))
                for connection in 0..<count {
                    now = now + .milliseconds(100) / count
                    pull.received(rate(count) / count / 1_000 * percent, over: connection, at: now)
                    try hold((1...maximum).contains(pull.allowed), "\(pull.allowed) connections")
                }
                let run = pull.run(pieceLength: 1 << generator.pick(16...24))
                try hold(run >= PullConnections.shortestRun, "a run of \(run) pieces")
                let most = PullStripes.piecesUnderWay
                try hold(pull.allowed > 4 || run * pull.allowed <= most, "\(run) pieces for each")
            }
            let allowed = pull.allowed
            try hold(
                allowed == maximum || Double(rate(allowed + 1)) < Double(rate(allowed)) * 1.15,
                "\(allowed) connections, one more would bring much more"
            )
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a queue is never too short or too deep, and a rate never beyond what came`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var (now, depth) = (BootTime.zero, QueueDepth())
            var meter = RateMeter(at: now)
            let fastest = generator.pick(1...400)
            for _ in 0..<60 {
                let pause = Duration.milliseconds(generator.pick(0...900))
                now = now + pause
                for _ in 0..<generator.pick(0...5) {
                    let answer: Duration? = generator.chance(4) ? nil : .milliseconds(generator.pick(0...fastest * 5))
                    depth.blockArrived(after: answer, at: now)
                }
                if generator.chance(2) { depth.tick(at: now) }
                let range = Download.Limits.minimumQueueDepth...Download.Limits.maximumQueueDepth
                try hold(range.contains(depth.blocks), "a queue of \(depth.blocks) blocks")
                meter.add(UInt64(generator.pick(0...100_000)))
                // All that came at once, at the shortest time that is measured.
                try hold(meter.measured(at: now).rawValue <= 60 * 100_000 * 20, "a rate beyond what came")
            }
            for _ in 0..<40 {
                now = now + .seconds(1)
                depth.tick(at: now)
                _ = meter.measured(at: now)
            }
            try hold(depth.blocks == Download.Limits.minimumQueueDepth, "a quiet queue stays deep")
            try hold(meter.rate.rawValue < 100, "a quiet rate stays high")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `slots are never overdrawn nor idle, and whoever waits gets a turn`(block: Range<UInt64>) {
        Seeds.each(in: block) { seed, generator in
            let slots = generator.pick(1...5)
            var choker = Choker<Int>(slots: slots, seed: seed)
            var (interested, unchoked) = (Set<Int>(), Set<Int>())
            for _ in 0..<40 {
                let peer = generator.pick(0...9)
                let actions: [Choker<Int>.Action]
                switch generator.pick(0...5) {
                case 0, 1:
                    interested.insert(peer)
                    actions = choker.peerInterested(peer)
                case 2:
                    interested.remove(peer)
                    actions = choker.peerNotInterested(peer)
                case 3:
                    interested.remove(peer)
                    unchoked.remove(peer)
                    actions = choker.peerLeft(peer)
                default: actions = choker.roundEnded(usefulness(&generator))
                }
                try apply(actions, to: &unchoked)
                choker.checkInvariants()
                try hold(unchoked == choker.unchokedPeers, "what was told is not what is")
                try hold(unchoked.count == min(slots, interested.count), "a slot lies idle while somebody waits")
            }
            var waiting = interested.subtracting(unchoked)
            for _ in 0..<400 where !waiting.isEmpty {
                try apply(choker.roundEnded(usefulness(&generator)), to: &unchoked)
                waiting.subtract(unchoked)
            }
            try hold(waiting.isEmpty, "somebody never gets a turn")
        }
    }

    private func usefulness(_ generator: inout SeededGenerator) -> [Int: Choker<Int>.Usefulness] {
        var found: [Int: Choker<Int>.Usefulness] = [:]
        for peer in 0..<10 where !generator.chance(3) {
            found[peer] = .init(received: ByteCount(generator.pick(0...3)), sent: ByteCount(generator.pick(0...3)))
        }
        return found
    }

    private func apply(_ actions: [Choker<Int>.Action], to unchoked: inout Set<Int>) throws {
        for action in actions {
            switch action {
            case .choke(let peer): try hold(unchoked.remove(peer) != nil, "choked twice")
            case .unchoke(let peer): try hold(unchoked.insert(peer).inserted, "unchoked twice")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a tracker lists only peers that have announced lately, and counts them right`(block: Range<UInt64>) {
        Seeds.each(in: block) { seed, generator in
            var tracker = TrackerSwarm(interval: .seconds(60), seed: seed)
            let hash = try fixed(1, InfoHash.self)
            tracker.allow(hash)
            var now = BootTime.zero
            var seen: [UInt8: BootTime] = [:]
            for _ in 0..<20 {
                now = now + .seconds(generator.pick(0...100))
                let number = UInt8(generator.pick(1...12))
                let isStopped = generator.chance(5)
                let request = AnnounceRequest(
                    infoHash: hash,
                    peerID: try fixed(number, PeerID.self),
                    port: UInt16(number),
                    left: ByteCount(generator.pick(0...1)),
                    event: isStopped ? .stopped : .none,
                    wanted: generator.pick(0...20),
                    isCompact: generator.chance(2)
                )
                let body = try tracker.announced(request, source: [10, 0, 0, number], at: now)
                seen[number] = isStopped ? nil : now
                seen = seen.filter { now - $0.value <= .seconds(180) }
                try hold(tracker.peerCount(of: hash) == seen.count, "peers are miscounted")
                var client = TrackerAnnounce(tracker: "http://t/a", at: now)
                let peers = try client.answered(body, at: now)
                let ports = peers.map { UInt8($0.port) }
                try hold(Set(ports).count == ports.count && ports.count <= request.wanted, "too many peers")
                try hold(ports.allSatisfy { seen[$0] != nil && $0 != number }, "a peer that is gone, or the asker")
                try hold(!isStopped || ports.isEmpty, "peers for one who stops")
            }
        }
    }

    private func fixed<Value: FixedBytes>(_ byte: UInt8, _ type: Value.Type) throws -> Value {
        try #require(Value(bytes: [UInt8](repeating: byte, count: Value.byteCount)))
    }

    @Test(arguments: Seeds.blocks)
    func `a revision is applied once and in order, whatever is lost, repeated or overtaken`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var inbox = TaskInbox()
            var outbox = StatusOutbox<Int>()
            var (applied, sent, stored) = ([Int: UInt64](), [Int: [UInt64]](), [Int: UInt64]())
            var newest: [Int: Int] = [:]
            for _ in 0..<60 {
                let task = generator.pick(0...4)
                let revision = UInt64(generator.pick(1...9))
                let isNew = inbox.taskArrived("\(task)", revision: revision)
                try hold(isNew == (revision > applied[task] ?? 0), "a revision was applied twice or not at all")
                if isNew { applied[task] = revision }
                let status = generator.pick(0...3)
                if let sequence = outbox.statusChanged("\(task)", to: status, floor: 100) {
                    try hold(newest[task] != status && sequence > sent[task]?.last ?? 99, "a sequence went back")
                    sent[task, default: []].append(sequence)
                    newest[task] = status
                } else {
                    try hold(newest[task] == status, "a new status is kept back")
                }
                if generator.chance(3), let sequence = sent[task]?.randomElement(using: &generator) {
                    outbox.acknowledged("\(task)", sequence: sequence)
                    stored[task] = max(stored[task] ?? 0, sequence)
                }
            }
            try hold(inbox.revisions.count == applied.count, "a task was forgotten")
            let owed = sent.filter { $0.value.last ?? 0 > stored[$0.key] ?? 0 }
            let told = outbox.unacknowledged
            try hold(Set(told.map(\.sequence)) == Set(owed.compactMap(\.value.last)), "not what control lacks")
            try hold(told.map(\.status) == owed.keys.sorted().compactMap { newest[$0] }, "not the newest status")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `eviction takes the least recently used, never one in use, and no more than it must`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let usage = try (0..<generator.pick(0...8)).map { number in
                BlobUsage(
                    blob: try fixed(UInt8(number), BlobID.self),
                    bytes: ByteCount(generator.pick(0...40)),
                    lastUsed: UInt64(generator.pick(0...5)),
                    isInUse: generator.chance(3)
                )
            }
            let high = generator.pick(0...150)
            let limits = CacheLimits(highWater: ByteCount(high), lowWater: ByteCount(generator.pick(0...high)))
            let incoming = ByteCount(generator.pick(0...60))
            let plan = EvictionPlan(usage: usage, incoming: incoming, limits: limits)
            let gone = Set(plan.evicted)
            let kept = usage.filter { !gone.contains($0.blob) }
            let total = kept.reduce(incoming) { $0 + $1.bytes }
            try hold(usage.allSatisfy { !$0.isInUse || !gone.contains($0.blob) }, "a blob in use goes")
            try hold(plan.fits == (total <= limits.highWater), "it says wrongly whether it fits")
            let idle = kept.filter { !$0.isInUse && $0.bytes > .zero }
            let oldest = idle.map(\.lastUsed).min() ?? .max
            let youngest = usage.filter { gone.contains($0.blob) }.map(\.lastUsed).max() ?? 0
            try hold(youngest <= oldest, "a blob went before one that was used longer ago")
            try hold(plan.fits || idle.isEmpty, "it gives up while something could go")
            guard let last = usage.first(where: { $0.blob == plan.evicted.last }) else { return }
            try hold(total + last.bytes > limits.lowWater, "one too many goes")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a journal offers only what was synced and promises nothing that a tear has hurt`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let geometry = try #require(PieceGeometry(size: ByteCount(8 * 65_536), pieceLength: 65_536))
            let blob = try fixed(7, BlobID.self)
            var journal = CacheJournal()
            var file = CacheJournal.header(blob: blob, geometry: geometry)
            var (written, synced) = ([PieceIndex: UInt32](), UInt32(0))
            for _ in 0..<generator.pick(0...20) {
                let piece = PieceIndex(generator.pick(0...7))
                let event: JournalEntry.Event
                switch generator.pick(0...4) {
                case 0:
                    synced = journal.entryCount
                    event = .synced(before: synced)
                case 1:
                    written[piece] = nil
                    event = .withdrawn(piece)
                default:
                    written[piece] = journal.entryCount
                    event = .written(
                        piece,
                        PieceHashes(merkleRoot: try fixed(1, SHA256Digest.self), sha1: try fixed(2, SHA1Digest.self))
                    )
                }
                let entry = journal.entry(for: event)
                file += entry.encoded
                journal.entryWritten(entry)
            }
            let whole = try #require(CacheJournal.recovered(from: file, blob: blob, geometry: geometry))
            let sure = Set(written.filter { $0.value < synced }.keys)
            try hold(Set(whole.offer.keys) == sure, "offered is not what was synced")
            try hold(Set(whole.rehash.keys) == Set(written.keys).subtracting(sure), "not all else is hashed again")
            // Torn anywhere, some bytes of it changed: what is offered was written once, and hashes are never made up.
            file.removeLast(min(file.count - CacheJournal.headerByteCount, generator.pick(0...100)))
            for _ in 0..<generator.pick(0...3) where file.count > CacheJournal.headerByteCount {
                file[generator.pick(CacheJournal.headerByteCount...file.count - 1)] ^= UInt8(generator.pick(1...255))
            }
            let torn = try #require(CacheJournal.recovered(from: file, blob: blob, geometry: geometry))
            let hashes = Set(torn.offer.values).union(torn.rehash.values)
            try hold(hashes.count <= 1, "hashes that nobody has written")
            try hold(torn.journal.entryCount <= journal.entryCount, "entries that nobody has written")
        }
    }
}
