import Leases
import Units

/// A granter and its holders on drifting clocks, over a network that loses, delays and reorders; either side may crash at
/// any time, also between what the granter makes durable and what it sends.
struct LeaseWorld {
    private enum Event {
        case up(Int, HolderHeartbeat)
        case down(Int, GrantedLease)
        /// A node's turn; its life's number, for a crash ends its turns.
        case turn(Int, life: Int)
        case granterUp
        /// The granter's welcome on a new stream.
        case welcome(Int, Epoch)
    }

    private struct Node {
        var holder: LeaseHolder
        var life = 0
        let drift: Double
        var lastSequence: UInt64 = 0
        var newest: LeaseGenerationNumber?
        var wants = LeaseAmounts.none
        /// The granter that has welcomed it last.
        var known = Epoch(rawValue: 0)
        /// How long the origin still asks it to stay away, in true time.
        var pausedUntil = 0.0
    }

    private static let names = ["n0", "n1", "n2"].compactMap { NodeID($0) }
    /// D of these leases.
    static let lease = 3.0

    private let terms = LeaseTerms(duration: .seconds(3))
    private var generator: SeededGenerator
    /// True time in seconds; every clock is some function of it.
    private var time = 0.0
    private var queue: [(at: Double, event: Event)] = []
    private var nodes: [Node] = []
    private var limit: OriginLimit
    /// Limits that were in force, until when.
    private var past: [(limit: OriginLimit, until: Double)] = []
    private var granterDrift: Double
    private var granterOffset = 0.0
    private var epoch = Epoch(rawValue: 1)
    private var durable = LeaseReserve()
    private var book: LeaseBook?
    /// As small as it may be in every other world: the limit is then shared out now and then only.
    private let sharedAtOnce: Int
    private var spent: [(at: Double, bytes: UInt64)] = []
    private(set) var opened = 0
    /// No more faults from now on.
    private var isCalm = false

    init(_ generator: SeededGenerator) {
        self.generator = generator
        limit = OriginLimit(connections: nil, rate: nil)
        sharedAtOnce = self.generator.chance(2) ? 0 : LeaseBook.holdersSharedAtOnce
        granterDrift = 1
        granterDrift = drift()
        limit = someLimit()
        if self.generator.chance(3) {
            let length = self.generator.pick(1...4)
            let window = WindowLimit(length: .seconds(length), bytes: UInt64(self.generator.pick(1...4)) * 1_000_000)
            limit.windows = [window]
        }
        nodes = Self.names.map { _ in
            Node(holder: LeaseHolder(terms: terms, firstSequence: 0, at: .zero), drift: drift())
        }
        book = newBook()
        for index in nodes.indices { queue.append((Double(index) * 0.01, .turn(index, life: 0))) }
    }

    private mutating func drift() -> Double { 1 + Double.random(in: -0.0005...0.0005, using: &generator) }

    private mutating func someLimit() -> OriginLimit {
        var new = limit
        new.connections = generator.chance(8) ? nil : UInt32(generator.pick(1...5))
        new.rate = generator.chance(3) ? nil : UInt64(generator.pick(1...5)) * 1_000_000
        return new
    }

    private var granterClock: BootTime { BootTime(nanoseconds: Int64((time + granterOffset) * granterDrift * 1e9)) }

    private func clock(_ node: Int) -> BootTime {
        BootTime(nanoseconds: Int64((time + Double(node) * 1000) * nodes[node].drift * 1e9))
    }

    // MARK: Running

    /// Some leases' time of faults, then calm; throws what does not hold.
    mutating func run() throws {
        try run(until: 6)
        isCalm = true
        if book == nil { restart() }
        for index in nodes.indices { nodes[index].wants = someWants() }
        try run(until: time + Self.lease * 2.5)
        try checkCalm()
    }

    private mutating func run(until end: Double) throws {
        while let next = queue.indices.min(by: { queue[$0].at < queue[$1].at }), queue[next].at <= end {
            let (at, event) = queue.remove(at: next)
            time = max(time, at)
            abortAll()
            try happen(event)
            try check()
        }
        time = end
        abortAll()
    }

    private mutating func happen(_ event: Event) throws {
        switch event {
        case .up(let node, let heartbeat):
            guard var granter = book else { return }
            var actions: [LeaseAction] = []
            granter.heartbeatArrived(heartbeat, from: Self.names[node], at: granterClock, into: &actions)
            book = granter
            try perform(actions)
        case .down(let node, let grant):
            if nodes[node].holder.grantArrived(grant, at: clock(node)) { beat(node) }
        case .turn(let node, let life):
            guard nodes[node].life == life else { return }
            try act(node)
        case .granterUp: if book == nil { restart() }
        case .welcome(let node, let epoch):
            nodes[node].holder.granterKnown(epoch)
            nodes[node].known = max(nodes[node].known, epoch)
        }
        try fault()
    }

    private mutating func perform(_ actions: [LeaseAction]) throws {
        for action in actions {
            // A crash between any two actions.
            if !isCalm, generator.chance(150) { return crash() }
            switch action {
            case .persist(let reserve): durable = reserve
            case .send(let id, let grant):
                guard let node = Self.names.firstIndex(of: id) else { continue }
                if let newest = nodes[node].newest {
                    try hold(grant.generation > newest, "I4: a generation came twice or went back")
                }
                nodes[node].newest = grant.generation
                if let ends = book?.pauseEnds, granterClock < ends {
                    try hold(grant.amounts == .none, "something was granted while the origin asks for a pause")
                }
                post(.down(node, grant), 2)
            }
        }
    }

    private mutating func post(_ event: Event, _ slowest: Double) {
        if isCalm {
            queue.append((time + 0.02, event))
        } else if !generator.chance(5) {
            queue.append(
                (time + Double.random(in: 0...(generator.chance(4) ? slowest : 0.05), using: &generator), event)
            )
        }
    }

    private mutating func crash() {
        book = nil
        queue.append((time + Double.random(in: 0...1, using: &generator), .granterUp))
    }

    private mutating func restart() {
        // Half of the time the machine has started anew too, and its clock with it.
        if generator.chance(2) { granterOffset = Double.random(in: 0...100_000, using: &generator) - time }
        epoch = epoch.next
        book = newBook()
    }

    private func newBook() -> LeaseBook {
        LeaseBook(
            limit: limit,
            terms: terms,
            epoch: epoch,
            reserve: durable,
            at: granterClock,
            sharedAtOnce: sharedAtOnce
        )
    }

    private mutating func fault() throws {
        guard !isCalm else { return }
        switch generator.pick(0...400) {
        case 0...3 where book != nil: crash()
        case 4...6:
            let node = generator.pick(0...nodes.count - 1)
            nodes[node].life += 1
            // A crash closes its sockets; the next life counts on.
            let sequence = nodes[node].lastSequence + 100
            nodes[node].holder = LeaseHolder(terms: terms, firstSequence: sequence, at: clock(node))
            nodes[node].known = Epoch(rawValue: 0)
            queue.append((time + Double.random(in: 0...1, using: &generator), .turn(node, life: nodes[node].life)))
        case 7...11:
            past.append((limit, time))
            limit = someLimit()
            guard var granter = book else { return }
            var actions: [LeaseAction] = []
            granter.limitChanged(to: limit, at: granterClock, into: &actions)
            book = granter
            try perform(actions)
        case 12...15:
            // The origin asks one that uses it for a pause.
            guard let node = nodes.firstIndex(where: { $0.holder.connectionsInUse > 0 }) else { return }
            nodes[node].pausedUntil = time + Double.random(in: 0.1...2, using: &generator)
            beat(node)
        default: break
        }
    }

    // MARK: Nodes

    private mutating func someWants() -> LeaseAmounts {
        LeaseAmounts(connections: UInt32(generator.pick(0...4)), rate: 1_000_000_000)
    }

    private mutating func act(_ node: Int) throws {
        let now = clock(node)
        // A stream to a granter that is new to it begins with a welcome.
        if book != nil, nodes[node].known < epoch, isCalm || generator.chance(2) { post(.welcome(node, epoch), 1) }
        if !isCalm, generator.chance(4) { nodes[node].wants = someWants() }
        if nodes[node].holder.connectionsInUse < nodes[node].wants.connections,
            nodes[node].holder.openConnection(at: now)
        {
            opened += 1
        }
        let isTooMany = nodes[node].holder.connectionsInUse > nodes[node].wants.connections
        if nodes[node].holder.shouldGiveUpConnection || isTooMany, isCalm || generator.chance(2) { close(node) }
        if nodes[node].holder.connectionsInUse > 0 {
            let bytes = nodes[node].holder.takeBytes(upTo: .mebibytes(1), atLeast: .zero, at: now)
            if bytes > .zero { spent.append((time, bytes.rawValue)) }
        }
        beat(node)
        let pause = Double.random(in: 0.25...0.9, using: &generator)
        queue.append((time + pause, .turn(node, life: nodes[node].life)))
    }

    private mutating func beat(_ node: Int) {
        let heartbeat = nodes[node].holder.heartbeatSent(
            wants: nodes[node].wants,
            wantsBytes: 500_000,
            weight: 100,
            pause: .seconds(max(0, nodes[node].pausedUntil - time)),
            at: clock(node)
        )
        nodes[node].lastSequence = heartbeat.sequence
        post(.up(node, heartbeat), 1)
    }

    private mutating func close(_ node: Int) {
        if nodes[node].holder.connectionClosed() { beat(node) }
    }

    /// What every shell does within the margin of a lease.
    private mutating func abortAll() {
        for node in nodes.indices {
            let count = nodes[node].holder.connectionsToAbort(at: clock(node))
            for _ in 0..<count { close(node) }
        }
    }

    // MARK: Invariants

    /// The most that was allowed within the time a lease lasts; nil for no limit.
    private func ceiling<Value: Comparable>(_ part: (OriginLimit) -> Value?) -> Value? {
        let within = [limit] + past.filter { $0.until > time - Self.lease * 1.01 }.map(\.limit)
        let parts = within.map(part)
        return parts.contains { $0 == nil } ? nil : parts.compactMap(\.self).max()
    }

    private func check() throws {
        if let most = ceiling(\.connections) {
            let used = nodes.reduce(0) { $0 + $1.holder.connectionsInUse }
            try hold(used <= most, "I1 to I3: \(used) connections of \(most) at \(time) s")
        }
        if let most = ceiling(\.rate) {
            let rates = nodes.reduce(UInt64(0)) { sum, node in
                let rate = node.holder.holdsAnything ? node.holder.rate?.rawValue ?? .max : 0
                return sum.addingReportingOverflow(rate).overflow ? .max : sum + rate
            }
            try hold(rates <= most, "I1 to I3: a rate of \(rates) of \(most) at \(time) s")
        }
        for window in limit.windows {
            let from = time - window.length.seconds
            let bytes = spent.reduce(0) { $1.at > from ? $0 + $1.bytes : $0 }
            try hold(bytes <= window.bytes, "I8: \(bytes) bytes of \(window.bytes) in \(window.length) at \(time) s")
        }
        book?.checkInvariants(at: granterClock)
    }

    /// I6 and I7: what is granted is what is fair, within one unit, and nothing lies idle.
    private func checkCalm() throws {
        guard let book else { return }
        let granted = book.granted(at: granterClock)
        let wanted = nodes.map { UInt64($0.wants.connections) }
        // Less than the limit where the origin has asked for a pause.
        let total = limit.connections.map { _ in UInt64(book.allowed(at: granterClock).connections) } ?? .max
        let due = min(total, wanted.reduce(0, +))
        let count = UInt64(granted.connections)
        try hold(count + UInt64(nodes.count) >= due, "I7: \(count) connections granted of \(due)")
        let fair = FairShare.shares(of: total, among: wanted.map { .init(wants: $0, weight: 100, turn: 0) })
        for (node, share) in zip(nodes, fair) {
            let used = UInt64(node.holder.connectionsInUse)
            try hold(used <= share + 1, "I6: \(used) connections where \(share) are fair")
        }
    }
}
