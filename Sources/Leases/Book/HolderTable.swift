internal import Units

/// The holders of one origin, each at a place that it keeps while it is known, and their sums: nothing that happens at
/// every heartbeat looks at more than one of them.
struct HolderTable: Sendable {
    private var places: [NodeID: Int] = [:]
    /// By place; those in `freePlaces` are of holders that were forgotten.
    private var records: [HolderRecord] = []
    private var freePlaces: [Int] = []
    /// When grants end, in the order they were given, from `nextEnding` on: each lasts as long as any other.
    private var endings: [(ends: BootTime, place: Int32)] = []
    private var nextEnding = 0
    private var heldConnections: UInt64 = 0
    private var heldRate: UInt128 = 0
    /// How many want connections, and their weights in sum.
    private(set) var wanting = 0
    private(set) var wantingWeight: UInt64 = 0

    var count: Int { places.count }

    /// Every place there is or was, for walks over all holders; `isKnown` tells which are taken.
    var allPlaces: Range<Int> { records.indices }

    /// What all hold, clamped at the top.
    var held: LeaseAmounts {
        LeaseAmounts(connections: UInt32(clamping: heldConnections), rate: UInt64(clamping: heldRate))
    }

    /// What all but one hold, clamped at the top.
    func held(without place: Int) -> LeaseAmounts {
        let own = records[place].held
        return LeaseAmounts(
            connections: UInt32(clamping: heldConnections - UInt64(own.connections)),
            rate: UInt64(clamping: heldRate - UInt128(own.rate))
        )
    }

    func place(of node: NodeID) -> Int? { places[node] }

    func isKnown(_ place: Int) -> Bool { records[place].isKnown }

    subscript(place: Int) -> HolderRecord { records[place] }

    mutating func add(_ node: NodeID, heardAt now: BootTime) -> Int {
        let record = HolderRecord(node: node, heardAt: now)
        let place = freePlaces.popLast() ?? records.count
        if place < records.count { records[place] = record } else { records.append(record) }
        places[node] = place
        return place
    }

    /// Changes one holder, and the sums with it.
    @discardableResult
    mutating func update<Value>(_ place: Int, _ change: (inout HolderRecord) -> Value) -> Value {
        let (held, weight) = (records[place].held, records[place].wantingWeight)
        let value = change(&records[place])
        let record = records[place]
        heldConnections = heldConnections - UInt64(held.connections) + UInt64(record.held.connections)
        heldRate = heldRate - UInt128(held.rate) + UInt128(record.held.rate)
        wantingWeight = wantingWeight - weight + record.wantingWeight
        wanting += (record.wantingWeight > 0 ? 1 : 0) - (weight > 0 ? 1 : 0)
        return value
    }

    /// A holder's part of the limit, which is in no sum.
    mutating func shared(_ share: LeaseAmounts, to place: Int) { records[place].share = share }

    mutating func granted(_ grant: HolderRecord.Grant, to place: Int) {
        update(place) { $0.granted(grant) }
        endings.append((grant.ends, Int32(place)))
    }

    /// Grants that have ended count no more; who has been silent for a whole lease is forgotten.
    mutating func expire(_ now: BootTime, span: Duration) {
        while nextEnding < endings.count, endings[nextEnding].ends <= now {
            let place = Int(endings[nextEnding].place)
            nextEnding += 1
            guard records[place].isKnown else { continue }
            update(place) { $0.expire(now) }
            if records[place].grants.isEmpty, records[place].heardAt + span <= now { forget(place) }
        }
        // Now and then, so that it costs each grant the same.
        guard nextEnding > 1_024, nextEnding > endings.count / 2 else { return }
        endings.removeFirst(nextEnding)
        nextEnding = 0
    }

    private mutating func forget(_ place: Int) {
        update(place) { $0.forget() }
        places.removeValue(forKey: records[place].node)
        freePlaces.append(place)
    }
}
