package import Units

extension LeaseBook {
    /// What a sharing costs each holder, in processor time that the next one waits for.
    private static let sharingCost = Duration.microseconds(10)
    /// How often the limit is shared out at most among very many.
    private static let shortestSharing = Duration.milliseconds(250)
    /// Holders that get something of one sharing before they ask again.
    private static let grantsAtOnce = 1_000

    /// Shares the limit out anew where it is time: at each heartbeat among few holders, among many only so often that it
    /// costs a small part of a processor. Returns whether it did.
    mutating func shareIfDue(_ now: BootTime) -> Bool {
        guard holders.count <= sharedAtOnce || now >= nextSharing else { return false }
        share(at: now)
        return true
    }

    /// What each holder that wants something should have, were all free.
    mutating func share(at now: BootTime) {
        nextSharing = now + max(Self.shortestSharing, Self.sharingCost * holders.count)
        let places = holders.allPlaces.filter { holders.isKnown($0) }
        let wanting = places.filter { holders[$0].wantingWeight > 0 }
        // Turns go by place, and pass on with every lease.
        let slice = now.nanoseconds / max(1, terms.duration.nanoseconds)
        let allowed = allowed(at: now)
        let connections = shares(wanting, of: limit.connections.map { _ in UInt64(allowed.connections) }, slice) {
            UInt64($0.wants.connections)
        }
        // Rate goes to those who have connections to use it.
        let served = wanting.indices.filter { connections[$0] > 0 }
        let rates = shares(served.map { wanting[$0] }, of: limit.rate.map { _ in allowed.rate }, slice) {
            $0.wants.rate
        }
        for place in places { holders.shared(LeaseAmounts.none, to: place) }
        for (index, rate) in zip(served, rates) {
            let share = LeaseAmounts(connections: UInt32(clamping: connections[index]), rate: rate)
            holders.shared(share, to: wanting[index])
        }
    }

    private func shares(
        _ places: [Int],
        of total: UInt64?,
        _ slice: Int64,
        _ wants: (HolderRecord) -> UInt64
    ) -> [UInt64] {
        guard let total else { return places.map { wants(holders[$0]) } }
        let count = UInt64(max(1, places.count))
        return FairShare.shares(
            of: total,
            among: places.enumerated().map { index, place in
                FairShare.Claim(
                    wants: wants(holders[place]),
                    weight: holders[place].wantingWeight,
                    turn: UInt64(truncatingIfNeeded: Int64(index) &+ slice) % count
                )
            }
        )
    }

    /// A holder's part of the limit: as it was shared out, or an even part where it has come since.
    func target(of place: Int, at now: BootTime) -> LeaseAmounts {
        let holder = holders[place]
        guard holder.wantingWeight > 0 else { return .none }
        if let share = holder.share { return .smaller(holder.wants, share) }
        let allowed = allowed(at: now)
        let weight = Double(holder.wantingWeight) / Double(max(1, holders.wantingWeight))
        let even = LeaseAmounts(
            connections: limit.connections == nil ? .max : UInt32(Double(allowed.connections) * weight),
            rate: limit.rate == nil ? .max : UInt64(Double(allowed.rate) * weight)
        )
        return .smaller(holder.wants, even)
    }

    /// Tells every holder what it has now, where they are not too many to be told at once.
    mutating func tellAll(but told: Int? = nil, at now: BootTime, into actions: inout [LeaseAction]) {
        guard holders.count <= Self.holdersToldAtOnce else { return }
        for place in holders.allPlaces where holders.isKnown(place) && place != told {
            grant(to: place, at: now, into: &actions)
        }
    }

    /// Those who want connections and were given fewer than they should have get what has become free before they ask
    /// again.
    mutating func grantToThoseWithout(at now: BootTime, into actions: inout [LeaseAction]) {
        var left = Self.grantsAtOnce
        for place in holders.allPlaces where left > 0 && holders.isKnown(place) {
            let holder = holders[place]
            // One that has not been heard for long is perhaps no more, and would have little of the lease left.
            guard now - holder.heardAt < terms.duration / 2,
                (holder.share ?? .none).connections > holder.lastGranted.connections,
                amounts(for: place, at: now).connections > holder.lastGranted.connections
            else { continue }
            grant(to: place, at: now, into: &actions)
            left -= 1
        }
    }

    // MARK: For display and checks

    /// What holders may use at this instant.
    package func granted(at now: BootTime) -> LeaseAmounts {
        holders.allPlaces.reduce(.none) { $0 + holders[$1].held(at: now) }
    }

    /// What must hold between any two events; traps where it does not.
    package func checkInvariants(at now: BootTime) {
        assert(
            holders.allPlaces.allSatisfy { holders[$0].grants.count <= HolderRecord.maximumGrants },
            "grants pile up"
        )
        let held = holders.allPlaces.reduce(LeaseAmounts.none) { $0 + holders[$1].held }
        assert(held == holders.held, "the sum of what is held is kept wrong")
        for window in windows {
            assert(window.charges.values.reduce(0, +) <= window.limit.bytes, "a window is over its limit")
        }
    }
}
