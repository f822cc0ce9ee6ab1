import Testing
import Units

@testable import Leases

/// A pause that the origin asks of one holder is kept by all.
@Suite struct OriginThrottleTests {
    private let terms = LeaseTerms(duration: .seconds(30))
    private let limit = OriginLimit(connections: 16, rate: 16_000_000)
    private let names: [NodeID]

    init() throws { names = try ["a", "b", "c"].map { try #require(NodeID($0)) } }

    private func heartbeat(_ sequence: UInt64, pause: Duration = .zero) -> HolderHeartbeat {
        HolderHeartbeat(sequence: sequence, wants: LeaseAmounts(connections: 16, rate: .max), pause: pause)
    }

    private func grants(_ actions: [LeaseAction]) -> [NodeID: LeaseAmounts] {
        var latest: [NodeID: LeaseAmounts] = [:]
        for case .send(let node, let grant) in actions { latest[node] = grant.amounts }
        return latest
    }

    private func book() -> LeaseBook {
        LeaseBook(limit: limit, terms: terms, epoch: Epoch(rawValue: 1), reserve: LeaseReserve(), at: .zero)
    }

    @Test func `all are told at once, get nothing meanwhile, and hear of its end`() {
        var (book, actions) = (book(), [LeaseAction]())
        for name in names { book.heartbeatArrived(heartbeat(1), from: name, at: .zero, into: &actions) }
        actions = []
        book.heartbeatArrived(heartbeat(2, pause: .seconds(5)), from: names[0], at: .zero, into: &actions)
        #expect(grants(actions) == [names[0]: .none, names[1]: .none, names[2]: .none])

        actions = []
        let within = BootTime.zero + .seconds(4)
        book.heartbeatArrived(heartbeat(2), from: names[1], at: within, into: &actions)
        book.pauseEnded(at: within, into: &actions)
        book.limitChanged(to: limit, at: within, into: &actions)
        #expect(grants(actions).values.allSatisfy { $0 == .none })

        actions = []
        book.pauseEnded(at: BootTime.zero + .seconds(5), into: &actions)
        // What the first was told before the pause still counts, so that there is nothing to give to others.
        #expect(Array(grants(actions).keys) == [names[0]])
        #expect(book.granted(at: .zero + .seconds(5)).connections == 16)
    }

    @Test func `those who wait share half of the limit when it is over, and all of it later`() {
        var (book, actions) = (book(), [LeaseAction]())
        book.heartbeatArrived(heartbeat(1, pause: .seconds(2)), from: names[0], at: .zero, into: &actions)
        book.heartbeatArrived(heartbeat(1), from: names[1], at: .zero, into: &actions)
        #expect(grants(actions).values.allSatisfy { $0 == .none })
        actions = []
        let over = BootTime.zero + .seconds(2)
        book.pauseEnded(at: over, into: &actions)
        let half = LeaseAmounts(connections: 4, rate: 4_000_000)
        #expect(grants(actions) == [names[0]: half, names[1]: half])
        #expect(book.allowed(at: over + .seconds(40)) == LeaseAmounts(connections: 12, rate: 12_000_000))
        #expect(book.allowed(at: over + .seconds(80)) == LeaseAmounts(connections: 16, rate: 16_000_000))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `news of a pause under way only makes it longer, and something is always allowed after it`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var (throttle, now) = (OriginThrottle(), BootTime.zero)
        for _ in 0..<100 {
            now = now + .milliseconds(Int64.random(in: 0..<20_000, using: &generator))
            let (wasPaused, ends) = (throttle.isPaused(at: now), throttle.pauseEnds)
            let before = throttle.allowed(of: limit, at: now)
            guard Bool.random(using: &generator) else { continue }
            let pause = Duration.milliseconds(Int64.random(in: -5..<30_000, using: &generator))
            throttle.paused(for: pause, at: now)
            #expect(throttle.pauseEnds ?? .zero >= ends ?? .zero)
            guard pause > .zero, let ends = throttle.pauseEnds else { continue }
            #expect(throttle.isPaused(at: now) && throttle.allowed(of: limit, at: now) == .none)
            let after = throttle.allowed(of: limit, at: ends)
            #expect(after.connections >= 1 && after.rate >= 1)
            if !wasPaused { #expect(after.connections == max(1, before.connections / 2)) }
        }
        #expect(
            throttle.allowed(of: limit, at: now + .seconds(30 + 160)) == LeaseAmounts(connections: 16, rate: 16_000_000)
        )
    }

    @Test func `no limit stays no limit after a pause, and no connection none`() {
        var throttle = OriginThrottle()
        throttle.paused(for: .seconds(1), at: .zero)
        let over = BootTime.zero + .seconds(1)
        let open = throttle.allowed(of: OriginLimit(connections: nil, rate: nil), at: over)
        #expect(open == LeaseAmounts(connections: .max, rate: .max))
        #expect(throttle.allowed(of: OriginLimit(connections: 0, rate: 0), at: over) == .none)
    }
}
