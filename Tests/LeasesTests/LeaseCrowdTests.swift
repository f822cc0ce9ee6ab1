import Testing
import Units

@testable import Leases

/// Very many holders of one origin.
@Suite struct LeaseCrowdTests {
    private static let crowd = 1_000
    private let terms = LeaseTerms(duration: .seconds(30))

    private func heartbeat(_ sequence: UInt64, wants connections: UInt32 = 4) -> HolderHeartbeat {
        HolderHeartbeat(sequence: sequence, wants: LeaseAmounts(connections: connections, rate: .max))
    }

    private func book(_ limit: OriginLimit) -> LeaseBook {
        LeaseBook(limit: limit, terms: terms, epoch: Epoch(rawValue: 1), reserve: LeaseReserve(), at: .zero)
    }

    @Test func `a crowd shares few connections, and each goes on to the next as soon as it is free`() throws {
        let names = try (0..<Self.crowd).map { try #require(NodeID("n\($0)")) }
        var (book, now) = (book(OriginLimit(connections: 50, rate: nil)), BootTime.zero)
        var sequences: [NodeID: UInt64] = [:]
        var (served, finished) = ([NodeID: BootTime](), Set<NodeID>())
        func say(_ name: NodeID, applied: LeaseGenerationNumber? = nil) {
            sequences[name, default: 0] += 1
            var message = heartbeat(sequences[name, default: 0], wants: finished.contains(name) ? 0 : 4)
            message.applied = applied
            var actions: [LeaseAction] = []
            book.heartbeatArrived(message, from: name, at: now, into: &actions)
            for case .send(let node, let grant) in actions {
                if grant.amounts != .none {
                    #expect(!finished.contains(node))
                    served[node] = served[node] ?? now
                } else if finished.contains(node), applied == nil {
                    // It holds nothing any more and says so at once.
                    say(node, applied: grant.generation)
                }
            }
        }
        // 90 s in which each says something every 9 s, and needs a connection from when it gets it until then.
        for _ in 0..<10 {
            for name in names {
                now = now + .milliseconds(9)
                if served[name] == nil || finished.insert(name).inserted { say(name) }
                #expect(book.holders.held.connections <= 50)
            }
            #expect(book.granted(at: now) == book.holders.held)
            book.checkInvariants(at: now)
        }
        // Each connection served somebody for 4.5 s on average, and was free for less than a second.
        #expect(finished.count >= 50 * 12, "\(finished.count) of \(Self.crowd) were served")
    }

    @Test func `one that comes between two sharings gets an even part`() throws {
        let limit = OriginLimit(connections: nil, rate: 300_000_000)
        var (book, actions) = (book(limit), [LeaseAction]())
        for index in 0..<100 {
            actions = []
            let name = try #require(NodeID("n\(index)"))
            book.heartbeatArrived(heartbeat(1), from: name, at: .zero, into: &actions)
        }
        guard case .send(_, let last)? = actions.last else {
            Issue.record("nothing was sent")
            return
        }
        // The first ones have it all, so that nothing is free; the part is kept for when it is.
        #expect(last.amounts == .none)
        #expect(book.target(of: 99, at: .zero) == LeaseAmounts(connections: 4, rate: 3_000_000))
    }

    @Test func `who is silent for a lease is forgotten, and its place is another's`() throws {
        var (book, actions) = (book(OriginLimit(connections: 4, rate: nil)), [LeaseAction]())
        for index in 0..<50 {
            let name = try #require(NodeID("n\(index)"))
            book.heartbeatArrived(heartbeat(1), from: name, at: .zero, into: &actions)
        }
        actions = []
        let late = BootTime.zero + terms.granterSpan
        book.heartbeatArrived(heartbeat(1), from: try #require(NodeID("new")), at: late, into: &actions)
        #expect(book.holders.count == 1 && book.holders.allPlaces.count == 50)
        #expect(book.granted(at: late).connections == 4)
        book.checkInvariants(at: late)
    }

    @Test func `a heartbeat that was made for an earlier granter is ignored`() throws {
        let (one, other) = (try #require(NodeID("a")), try #require(NodeID("b")))
        let reserve = LeaseReserve(amounts: LeaseAmounts(connections: 4, rate: .max))
        var book = LeaseBook(
            limit: OriginLimit(connections: 4, rate: nil),
            terms: terms,
            epoch: Epoch(rawValue: 2),
            reserve: reserve,
            at: .zero
        )
        var actions: [LeaseAction] = []
        // Said before it was told to hold less, and delivered after the one that got the rest has spoken.
        var old = heartbeat(5)
        (old.addressee, old.holds) = (Epoch(rawValue: 1), LeaseAmounts(connections: 4, rate: .max))
        book.heartbeatArrived(old, from: one, at: .zero, into: &actions)
        #expect(actions.isEmpty && book.holders.count == 0)
        var now = heartbeat(1)
        (now.addressee, now.holds) = (Epoch(rawValue: 2), LeaseAmounts(connections: 3, rate: .max))
        book.heartbeatArrived(now, from: other, at: .zero, into: &actions)
        #expect(book.granted(at: .zero).connections == 3)
    }
}
