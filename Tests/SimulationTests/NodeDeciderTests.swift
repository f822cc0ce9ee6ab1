import Manifest
import NIOCore
import SluiceAPI
import Testing
import Units

@testable import Node

/// Properties of a node's own small deciders.
@Suite struct NodeDeciderTests {
    @Test(arguments: Seeds.blocks)
    func `an address is left alone longer after each failure, a minute at most, and never for good`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { seed, generator in
            var dials = DialBackoff(seed: seed)
            var now = BootTime.zero
            var failed: [String: (count: Int, at: BootTime)] = [:]
            for _ in 0..<40 {
                now = now + .milliseconds(generator.pick(0...20_000))
                let address = "\(generator.pick(0...2))"
                if generator.chance(8) {
                    dials.connected(address)
                    failed[address] = nil
                } else if dials.mayDial(address, at: now) {
                    dials.failed(address, at: now)
                    failed[address] = ((failed[address]?.count ?? 0) + 1, now)
                }
                for (address, last) in failed {
                    let waited = now - last.at
                    if dials.mayDial(address, at: now) {
                        try hold(waited >= .milliseconds(80), "dialled at once again")
                    }
                    if waited > .seconds(72) { try hold(dials.mayDial(address, at: now), "never dialled again") }
                    let soon = last.at + .seconds(min(48, 0.079 * Double(1 << min(last.count - 1, 10))))
                    try hold(
                        !dials.mayDial(address, at: soon) || soon <= last.at,
                        "failure \(last.count) waits too little"
                    )
                }
                try hold(dials.mayDial("new", at: now), "an address that never failed is not dialled")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a piece is pulled by one connection at a time, none is forgotten, and none that was left to others`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let (queue, count) = (PullQueue(), PieceCount(20))
            var (available, underWay, withdrawn) = (PieceSet(capacity: count), Set<PieceIndex>(), Set<PieceIndex>())
            var runs: [[PieceIndex]] = []
            var wanted = Set<PieceIndex>()
            for _ in 0..<40 {
                switch generator.pick(0...7) {
                case 0, 1:
                    let missing = Array(count.indices).filter { !available.contains($0) && !generator.chance(4) }
                    let isOld = generator.chance(4)
                    queue.replace(with: missing, asOf: isOld ? queue.revision - 1 : queue.revision)
                    if !isOld { wanted = Set(missing).subtracting(underWay).subtracting(withdrawn) }
                case 2:
                    let some = Set(count.indices.filter { !available.contains($0) }).prefix(2)
                    let free = queue.withdraw(Array(some))
                    try hold(
                        Set(free) == Set(some).subtracting(underWay),
                        "what is under way is left to others, or more"
                    )
                    withdrawn.formUnion(free)
                    wanted.subtract(free)
                case 3 where generator.chance(4):
                    queue.granted()
                    withdrawn = []
                case 4 where !runs.isEmpty, 5 where !runs.isEmpty:
                    let run = runs.remove(at: generator.pick(0...runs.count - 1))
                    let pulled = generator.pick(0...run.count)
                    for piece in run.prefix(pulled) { available.insert(piece) }
                    underWay.subtract(run)
                    wanted.formUnion(run.dropFirst(pulled))
                    queue.done(run, returning: run.dropFirst(pulled))
                default:
                    let most = generator.pick(1...4)
                    guard let run = queue.next(over: 0, atMost: most, without: available) else {
                        try hold(
                            wanted.allSatisfy { available.contains($0) },
                            "a piece that is wanted is not handed out"
                        )
                        continue
                    }
                    try hold(
                        run.count <= most && zip(run, run.dropFirst()).allSatisfy { $0.rawValue + 1 == $1.rawValue },
                        "no run"
                    )
                    try hold(Set(run).isDisjoint(with: underWay), "a piece is pulled twice at once")
                    try hold(run.allSatisfy { wanted.remove($0) != nil }, "a piece is pulled that is not wanted")
                    try hold(run.allSatisfy { !available.contains($0) }, "a piece is pulled that is here")
                    underWay.formUnion(run)
                    runs.append(run)
                }
            }
            queue.stop()
            try hold(queue.next(over: 0, atMost: 1, without: available) == nil, "something is pulled after the end")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `every byte taken from an origin is told once, whatever is lost or answered twice`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var reports = UsageReports(firstSequence: 100)
            var now = BootTime.zero + .seconds(10)
            var (added, ledger) = ([String: UInt64](), [String: UInt64]())
            var stored: UInt64 = 100
            var sent: [UInt64: UInt64] = [:]
            let origin = try #require(OriginID("origin-1"))
            func exchange(isLost: Bool, isUnanswered: Bool) throws {
                for usage in reports.due(at: now) {
                    try hold(
                        sent[usage.sequence] == nil || sent[usage.sequence] == usage.bytes,
                        "told anew, but otherwise"
                    )
                    sent[usage.sequence] = usage.bytes
                    guard !isLost else { continue }
                    // Control stores a sequence once.
                    guard usage.sequence > stored else { continue }
                    stored = usage.sequence
                    ledger[usage.distribution, default: 0] += usage.bytes
                }
                if !isUnanswered { reports.acknowledged(stored) }
            }
            for _ in 0..<40 {
                now = now + .milliseconds(generator.pick(0...2_000))
                switch generator.pick(0...5) {
                case 0, 1, 2:
                    let (name, bytes) = ("d\(generator.pick(0...2))", UInt64(generator.pick(1...1000)))
                    let use: OriginUse = .assist
                    reports.add(
                        ByteCount(rawValue: bytes),
                        by: OriginAccount(origin: origin, distribution: name, use: use)
                    )
                    added[name, default: 0] += bytes
                case 3: reports.streamOpened()
                default: try exchange(isLost: generator.chance(3), isUnanswered: generator.chance(3))
                }
                try hold(ledger.allSatisfy { $0.value <= added[$0.key] ?? 0 }, "bytes are counted twice")
            }
            for _ in 0..<4 {
                now = now + .seconds(6)
                try exchange(isLost: false, isUnanswered: false)
            }
            try hold(ledger == added && reports.isEmpty, "bytes are lost")
        }
    }

    @Test(arguments: Seeds.blocks)
    func `bytes of a range become its blocks however they are cut, and blocks in any order their piece`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let length = 49_152 - generator.pick(0...20_000)
            let geometry = try #require(PieceGeometry(size: ByteCount(65_536 + length), pieceLength: 65_536))
            let piece = PieceIndex(1)
            let whole = ByteBuffer(repeating: UInt8(generator.pick(0...255)), count: length)
            let start = geometry.range(of: piece).start
            let cutter = BlockCutter(geometry: geometry, piece: piece, range: geometry.range(of: piece))
            var (rest, blocks): (ByteBuffer, [(block: Block, bytes: ByteBuffer)]) = (whole, [])
            while let part = rest.readSlice(length: min(rest.readableBytes, generator.pick(1...30_000))),
                part.readableBytes > 0
            {
                blocks += cutter.cut(part)
            }
            try hold(cutter.isDone && start == 65_536, "the range does not end")
            try hold(
                blocks.map(\.block) == (0..<geometry.blockCount(of: piece)).map { geometry.block($0, of: piece) },
                "other blocks"
            )
            try hold(cutter.cut(ByteBuffer(repeating: 1, count: 99)).isEmpty, "bytes beyond the range become a block")
            var assembly = PieceAssembly(geometry: geometry)
            for (block, bytes) in blocks.shuffled(using: &generator) { assembly.add(block, bytes) }
            let isDiscarded = generator.chance(5)
            if isDiscarded { assembly.discard(piece) }
            try hold(assembly.take(piece) == (isDiscarded ? nil : whole), "another piece than its blocks")
            try hold(assembly.take(piece) == nil, "a piece is kept for ever")
        }
    }
}
