import Testing
import Units

@testable import Leases

@Suite struct LeaseBookTests {
    private let terms = LeaseTerms(duration: .seconds(30))
    private let limit = OriginLimit(connections: 4, rate: 4_000_000)

    private func heartbeat(_ sequence: UInt64, applied: LeaseGenerationNumber? = nil) -> HolderHeartbeat {
        HolderHeartbeat(
            sequence: sequence,
            wants: LeaseAmounts(connections: 8, rate: .max),
            wantsBytes: 1 << 20,
            applied: applied,
            holds: .none,
            weight: 100,
            returns: [:]
        )
    }

    private func grants(_ actions: [LeaseAction]) -> [(NodeID, GrantedLease)] {
        actions.compactMap { if case .send(let node, let grant) = $0 { (node, grant) } else { nil } }
    }

    @Test func `a lowered limit is told at once and drains before anybody else gets it`() throws {
        let (one, other) = (try #require(NodeID("a")), try #require(NodeID("b")))
        var book = LeaseBook(limit: limit, terms: terms, epoch: Epoch(rawValue: 1), reserve: LeaseReserve(), at: .zero)
        var actions: [LeaseAction] = []
        book.heartbeatArrived(heartbeat(1), from: one, at: .zero, into: &actions)
        #expect(grants(actions).map(\.1.amounts.connections) == [4])

        actions = []
        let now = BootTime.zero + .seconds(1)
        book.limitChanged(to: OriginLimit(connections: 1, rate: 1_000_000), at: now, into: &actions)
        let told = try #require(grants(actions).first)
        #expect(told.0 == one && told.1.amounts == LeaseAmounts(connections: 1, rate: 1_000_000))
        // Until it is acknowledged the old grant still counts.
        #expect(book.granted(at: now).connections == 4)
        actions = []
        book.heartbeatArrived(heartbeat(1), from: other, at: now, into: &actions)
        #expect(grants(actions).allSatisfy { $0.1.amounts == .none })
        actions = []
        book.heartbeatArrived(heartbeat(2, applied: told.1.generation), from: one, at: now, into: &actions)
        #expect(book.granted(at: now).connections <= 1)
    }

    @Test func `what is granted is made durable before it is sent`() throws {
        let one = try #require(NodeID("a"))
        var book = LeaseBook(limit: limit, terms: terms, epoch: Epoch(rawValue: 1), reserve: LeaseReserve(), at: .zero)
        var actions: [LeaseAction] = []
        book.heartbeatArrived(heartbeat(1), from: one, at: .zero, into: &actions)
        guard case .persist(let reserve)? = actions.first else {
            Issue.record("nothing was made durable first")
            return
        }
        #expect(reserve.amounts == LeaseAmounts(connections: 4, rate: 4_000_000))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `any window of time sees at most its bytes, also over restarts on another boot's clock`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let window = WindowLimit(length: .seconds(60), bytes: 1_000_000)
        var ledger = ByteWindow(limit: window)
        /// Real seconds since the start, and what the clock of the moment says.
        var (real, clock) = (0.0, BootTime.zero + .seconds(1000))
        var spent: [(at: Double, bytes: UInt64)] = []
        for _ in 0..<400 {
            let pause = Double.random(in: 0..<3, using: &generator)
            real += pause
            clock = clock + .seconds(pause)
            if Int.random(in: 0..<60, using: &generator) == 0 {
                clock = BootTime.zero + .seconds(Int64.random(in: 0..<1_000_000, using: &generator))
                ledger = ByteWindow(limit: window, charged: ledger.charges, at: clock)
            }
            let wanted = UInt64.random(in: 1...200_000, using: &generator)
            if ledger.charge(wanted, at: clock) != nil { spent.append((real, wanted)) }
            let within = spent.filter { $0.at > real - 60 }.reduce(0) { $0 + $1.bytes }
            #expect(within <= window.bytes)
        }
        #expect(spent.count > 10)
    }

    @Test func `what a lowered limit has left out is reserved over a restart`() throws {
        let (one, other) = (try #require(NodeID("a")), try #require(NodeID("b")))
        let windows = [WindowLimit(length: .seconds(60), bytes: 1 << 30)]
        func limited(to connections: UInt32) -> OriginLimit {
            OriginLimit(connections: connections, rate: 4_000_000, windows: windows)
        }
        var book = LeaseBook(
            limit: limited(to: 4),
            terms: terms,
            epoch: Epoch(rawValue: 1),
            reserve: LeaseReserve(),
            at: .zero
        )
        var actions: [LeaseAction] = []
        book.heartbeatArrived(heartbeat(1), from: one, at: .zero, into: &actions)
        book.limitChanged(to: limited(to: 1), at: .zero, into: &actions)
        let kept = try #require(
            actions.compactMap { if case .persist(let reserve) = $0 { reserve } else { nil } }.last
        )
        var again = LeaseBook(limit: limited(to: 1), terms: terms, epoch: Epoch(rawValue: 2), reserve: kept, at: .zero)
        actions = []
        again.limitChanged(to: limited(to: 4), at: .zero, into: &actions)
        again.heartbeatArrived(heartbeat(1), from: other, at: .zero, into: &actions)
        #expect(grants(actions).allSatisfy { $0.1.amounts == .none })
    }

    @Test func `what was granted without a limit is reserved over a restart that brings one`() throws {
        let (one, other) = (try #require(NodeID("a")), try #require(NodeID("b")))
        let open = OriginLimit(connections: nil, rate: nil)
        var book = LeaseBook(limit: open, terms: terms, epoch: Epoch(rawValue: 1), reserve: LeaseReserve(), at: .zero)
        var actions: [LeaseAction] = []
        book.heartbeatArrived(heartbeat(1), from: one, at: .zero, into: &actions)
        guard case .persist(let kept)? = actions.first else {
            Issue.record("nothing was made durable first")
            return
        }
        var again = LeaseBook(limit: limit, terms: terms, epoch: Epoch(rawValue: 2), reserve: kept, at: .zero)
        actions = []
        again.heartbeatArrived(heartbeat(1), from: other, at: .zero, into: &actions)
        #expect(grants(actions).allSatisfy { $0.1.amounts == .none })
    }

    @Test func `what an earlier run handed out stays reserved over another restart`() throws {
        let (one, other) = (try #require(NodeID("a")), try #require(NodeID("b")))
        let open = OriginLimit(
            connections: nil,
            rate: nil,
            windows: [WindowLimit(length: .seconds(60), bytes: 1 << 30)]
        )
        var kept = LeaseReserve()
        for (epoch, node) in [(1, one), (2, other)] as [(UInt64, NodeID)] {
            var book = LeaseBook(limit: open, terms: terms, epoch: Epoch(rawValue: epoch), reserve: kept, at: .zero)
            var actions: [LeaseAction] = []
            book.heartbeatArrived(heartbeat(1), from: node, at: .zero, into: &actions)
            // A chunk of bytes has the reserve written anew.
            kept = try #require(
                actions.compactMap { if case .persist(let reserve) = $0 { reserve } else { nil } }.last
            )
        }
        let limited = OriginLimit(connections: 20, rate: nil)
        var book = LeaseBook(limit: limited, terms: terms, epoch: Epoch(rawValue: 3), reserve: kept, at: .zero)
        var actions: [LeaseAction] = []
        book.heartbeatArrived(heartbeat(1), from: try #require(NodeID("c")), at: .zero, into: &actions)
        // The first two may use sixteen, and as much again is kept in hand where there is no limit.
        #expect(kept.amounts.connections >= 24)
        #expect(grants(actions).allSatisfy { $0.1.amounts == .none })
    }

    @Test func `a chunk of an earlier run is not taken for one of this`() throws {
        let one = try #require(NodeID("a"))
        let limit = OriginLimit(
            connections: 4,
            rate: 4_000_000,
            windows: [WindowLimit(length: .seconds(60), bytes: 1 << 20)]
        )
        var chunks: [UInt64] = []
        for epoch in 1...2 as ClosedRange<UInt64> {
            var book = LeaseBook(
                limit: limit,
                terms: terms,
                epoch: Epoch(rawValue: epoch),
                reserve: LeaseReserve(),
                at: .zero
            )
            var actions: [LeaseAction] = []
            book.heartbeatArrived(heartbeat(1), from: one, at: .zero, into: &actions)
            chunks += grants(actions).compactMap(\.1.chunk?.id)
        }
        #expect(chunks.count == 2 && chunks[0] != chunks[1])
    }

    @Test func `a holder that never acknowledges costs a bounded amount of memory and keeps what it may believe in`()
        throws
    {
        let (one, other) = (try #require(NodeID("a")), try #require(NodeID("b")))
        var book = LeaseBook(limit: limit, terms: terms, epoch: Epoch(rawValue: 1), reserve: LeaseReserve(), at: .zero)
        var actions: [LeaseAction] = []
        book.heartbeatArrived(heartbeat(1), from: one, at: .zero, into: &actions)
        // A second holder halves what later grants give the first, which still may believe in all of it.
        book.heartbeatArrived(heartbeat(1), from: other, at: .zero, into: &actions)
        for sequence in 2...1_000 as ClosedRange<UInt64> {
            book.heartbeatArrived(heartbeat(sequence), from: one, at: .zero, into: &actions)
        }
        #expect(book.granted(at: .zero).connections == 4)
    }
}
