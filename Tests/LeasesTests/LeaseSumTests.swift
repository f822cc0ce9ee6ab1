import Leases
import Testing
import Units

/// A granter and its holders over a network that loses, delays and reorders: the sum in use never exceeds the limit.
@Suite struct LeaseSumTests {
    private struct Node {
        var holder: LeaseHolder
        var open: UInt32 = 0
        var nextHeartbeat = BootTime.zero
        /// This node's clock runs at this multiple of true time.
        let drift: Double
    }

    private enum Message {
        case up(Int, HolderHeartbeat)
        case down(Int, GrantedLease)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `the sum of open connections never exceeds the limit`(seed: UInt64) throws {
        let worst = try run(seed: seed, countsFromReceipt: false)
        #expect(worst.most <= 3)
        #expect(worst.opened > 0)
    }

    @Test func `a holder that counts its lease from receipt is caught`() throws {
        let worst = try (0..<300).map { try run(seed: $0, countsFromReceipt: true).most }.max()
        #expect(try #require(worst) > 3, "the checker would not see a broken holder")
    }

    private func run(seed: UInt64, countsFromReceipt: Bool) throws -> (most: UInt32, opened: Int) {
        var world = try World(seed: seed, countsFromReceipt: countsFromReceipt)
        for step in 0..<1500 { world.step(step) }
        return (world.most, world.opened)
    }

    private struct World {
        let terms = LeaseTerms(duration: .seconds(3))
        let limit = OriginLimit(connections: 3, rate: 3_000_000)
        let countsFromReceipt: Bool
        let ids: [NodeID]
        var generator: SeededGenerator
        var epoch = Epoch(rawValue: 1)
        var durable = LeaseReserve()
        var book: LeaseBook
        var nodes: [Node] = []
        var network: [(at: BootTime, message: Message)] = []
        var most: UInt32 = 0
        var opened = 0

        init(seed: UInt64, countsFromReceipt: Bool) throws {
            self.countsFromReceipt = countsFromReceipt
            generator = SeededGenerator(seed: seed)
            book = LeaseBook(limit: limit, terms: terms, epoch: epoch, reserve: durable, at: .zero)
            ids = try (0..<4).map { try #require(NodeID("n\($0)")) }
            for _ in 0..<4 {
                let drift = 1 + Double.random(in: -0.0005...0.0005, using: &generator)
                var holder = LeaseHolder(terms: terms, firstSequence: 0, at: .zero)
                holder.granterKnown(epoch)
                nodes.append(Node(holder: holder, drift: drift))
            }
        }

        mutating func step(_ step: Int) {
            let now = BootTime.zero + .milliseconds(Int64(step) * 20)
            if step % 700 == 699 {
                epoch = epoch.next
                book = LeaseBook(limit: limit, terms: terms, epoch: epoch, reserve: durable, at: now)
                for node in nodes.indices { nodes[node].holder.granterKnown(epoch) }
            }
            let due = network.filter { $0.at <= now }.map(\.message)
            network.removeAll { $0.at <= now }
            for message in due.shuffled(using: &generator) { deliver(message, now) }
            for node in nodes.indices { act(node, now) }
            most = max(most, nodes.reduce(0) { $0 + $1.open })
        }

        private func local(_ node: Int, _ now: BootTime) -> BootTime {
            BootTime(nanoseconds: Int64(Double(now.nanoseconds) * nodes[node].drift))
        }

        private mutating func isLost() -> Bool { Double.random(in: 0..<1, using: &generator) < 0.2 }

        private mutating func deliver(_ message: Message, _ now: BootTime) {
            switch message {
            case .up(let node, let heartbeat):
                var actions: [LeaseAction] = []
                book.heartbeatArrived(heartbeat, from: ids[node], at: now, into: &actions)
                for action in actions {
                    switch action {
                    case .persist(let reserve): durable = reserve
                    case .send(let id, let grant):
                        guard !isLost(), let node = ids.firstIndex(of: id) else { continue }
                        let delay = Int64.random(in: 0...2500, using: &generator)
                        network.append((now + .milliseconds(delay), .down(node, grant)))
                    }
                }
            case .down(let node, let grant):
                // The canary: as if the heartbeat it answers had been sent just now.
                let given = countsFromReceipt ? LeaseSumTests.late(grant, by: .seconds(3)) : grant
                _ = nodes[node].holder.grantArrived(given, at: local(node, now))
            }
        }

        private mutating func close(_ node: Int) {
            _ = nodes[node].holder.connectionClosed()
            nodes[node].open -= 1
        }

        private mutating func act(_ node: Int, _ now: BootTime) {
            let clock = local(node, now)
            let abort = nodes[node].holder.connectionsToAbort(at: clock)
            for _ in 0..<abort { close(node) }
            if nodes[node].holder.openConnection(at: clock) {
                nodes[node].open += 1
                opened += 1
            }
            if nodes[node].open > 0, Double.random(in: 0..<1, using: &generator) < 0.02 { close(node) }
            guard clock >= nodes[node].nextHeartbeat else { return }
            nodes[node].nextHeartbeat = clock + .milliseconds(Int64.random(in: 600...1000, using: &generator))
            let wants = LeaseAmounts(connections: UInt32.random(in: 0...3, using: &generator), rate: .max)
            let heartbeat = nodes[node].holder.heartbeatSent(wants: wants, wantsBytes: 0, weight: 100, at: clock)
            guard !isLost() else { return }
            let delay = Int64.random(in: 0...500, using: &generator)
            network.append((now + .milliseconds(delay), .up(node, heartbeat)))
        }
    }

    private static func late(_ grant: GrantedLease, by span: Duration) -> GrantedLease {
        GrantedLease(
            generation: grant.generation,
            sequence: grant.sequence,
            duration: grant.duration + span,
            amounts: grant.amounts,
            needsChunks: grant.needsChunks,
            chunk: grant.chunk
        )
    }
}
