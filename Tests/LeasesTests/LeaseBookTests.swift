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
}
