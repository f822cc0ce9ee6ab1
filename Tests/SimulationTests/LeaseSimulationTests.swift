import Leases
import Testing
import Units

/// Invariants I1 to I8 of the lease algorithm (leases.md C3) over seeds.
@Suite struct LeaseSimulationTests {
    @Test(arguments: Seeds.blocks)
    func `what is used never exceeds the limit, whatever is lost, delayed, restarted or drifts`(block: Range<UInt64>) {
        var opened = 0
        Seeds.each(in: block) { _, generator in
            var world = LeaseWorld(generator)
            try world.run()
            opened += world.opened
        }
        #expect(opened >= block.count, "nobody ever got anything")
    }

    /// Chunks are used up to a bucket's length after they were charged, on a clock that drifts against the origin's.
    @Test(arguments: Seeds.blocks)
    func `any window of the origin's own time sees at most its bytes`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let window = WindowLimit(length: .seconds(60), bytes: 1_000)
            let drift = 1 + Double.random(in: -0.0005...0.0005, using: &generator)
            var ledger = ByteWindow(limit: window)
            var uses: [(at: Double, bytes: UInt64)] = []
            var time = Double.random(in: 0...1, using: &generator)
            for _ in 0..<30 {
                time += Double.random(in: 0...(generator.chance(8) ? 61 : 2), using: &generator)
                let clock = BootTime(nanoseconds: Int64(time * drift * 1e9))
                let wanted = generator.chance(3) ? ledger.remaining(at: clock) : UInt64(generator.pick(1...500))
                guard ledger.charge(wanted, at: clock) != nil else { continue }
                // As late as a holder may use it, or as early.
                let late = ledger.bucketLength.seconds * (1 - LeaseTerms.drift)
                uses.append((time + (generator.chance(2) ? late : 0), wanted))
            }
            for end in uses {
                let within = uses.filter { $0.at <= end.at && $0.at > end.at - 60 }.reduce(0) { $0 + $1.bytes }
                try hold(within <= window.bytes, "I8: \(within) bytes of \(window.bytes)")
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `shares are max-min fair by weight within one unit and leave nothing over`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            let claims = (0..<generator.pick(1...8)).map { _ in
                FairShare.Claim(
                    wants: generator.chance(6) ? .max : UInt64(generator.pick(0...60)),
                    weight: UInt64(generator.pick(1...5)),
                    turn: generator.next()
                )
            }
            let total = generator.chance(10) ? UInt64.max : UInt64(generator.pick(0...200))
            let shares = FairShare.shares(of: total, among: claims)
            var sum = UInt64(0)
            for (share, claim) in zip(shares, claims) {
                try hold(share <= claim.wants, "a share above its want")
                let (next, overflow) = sum.addingReportingOverflow(share)
                try hold(!overflow && next <= total, "shares above the total")
                sum = next
            }
            guard total < 1_000 else { return }
            let wanted = claims.reduce(UInt64(0)) { $0 + min($1.wants, 1_000) }
            try hold(sum == min(total, wanted), "\(sum) shared of \(min(total, wanted))")
            // Nobody who lacks something has a unit less, by weight, than anybody who got something.
            for (share, claim) in zip(shares, claims) where share < claim.wants {
                for (other, rival) in zip(shares, claims) where other > 0 {
                    let mine = Double(share + 1) / Double(claim.weight)
                    let its = Double(other - 1) / Double(rival.weight)
                    try hold(its <= mine + 1e-9, "a share of \(share) lags behind one of \(other)")
                }
            }
        }
    }

    @Test(arguments: Seeds.blocks)
    func `a bucket never gives more than its rates over the time and a burst`(block: Range<UInt64>) {
        Seeds.each(in: block) { _, generator in
            var now = BootTime.zero + .seconds(generator.pick(0...100_000))
            var rate = UInt64(generator.pick(1...5_000_000))
            var bucket = TokenBucket(rate: BytesPerSecond(rawValue: rate), at: now)
            var (allowed, taken, fastest) = (0.0, 0.0, rate)
            for _ in 0..<40 {
                let pause = Duration.milliseconds(generator.pick(0...300))
                now = now + pause
                allowed += Double(rate) * pause.seconds
                if generator.chance(6) {
                    rate = UInt64(generator.pick(0...5_000_000))
                    fastest = max(fastest, rate)
                    bucket.rateChanged(to: BytesPerSecond(rawValue: rate), at: now)
                }
                // A clock that goes back gives nothing.
                let seen = generator.chance(10) ? now - .seconds(1) : now
                let wanted = ByteCount(generator.pick(1...400_000))
                let got = bucket.take(upTo: wanted, atLeast: ByteCount(generator.pick(0...65_536)), at: seen)
                try hold(got <= wanted, "more than was wanted")
                taken += Double(got.rawValue)
                if got > .zero, generator.chance(5) {
                    bucket.giveBack(got)
                    taken -= Double(got.rawValue)
                }
                let most = allowed + Double(fastest) * TokenBucket.burst.seconds + 1
                try hold(taken <= most, "\(taken) bytes taken of \(most)")
            }
        }
    }
}
