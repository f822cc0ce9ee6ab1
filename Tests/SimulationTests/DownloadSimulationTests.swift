import Download
import Testing
import Units

/// The engine's properties over seeds (DESIGN.md section 6).
@Suite struct DownloadSimulationTests {
    @Test(arguments: Seeds.blocks)
    func `it ends with any set of failing sources while one good one remains, and asks for nothing twice`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { seed, generator in
            var world = try DownloadWorld(seed: seed, generator)
            try world.run()
        }
    }

    @Test(arguments: Seeds.blocks)
    func `assist starts only for a reason that held long enough, and stops only when peers are fast enough for long`(
        block: Range<UInt64>
    ) {
        Seeds.each(in: block) { _, generator in
            let policy = policy(&generator)
            var (now, progress, changes) = (BootTime.zero, 0.0, 0)
            var assist = AssistSwitch(policy: policy, size: .mebibytes(64), at: now)
            var fastSince: BootTime?
            // Since when what began it has been over.
            var backSince: BootTime?
            var slowSince: BootTime?
            var wasUseless: BootTime?
            var peerlessSince: BootTime?
            for _ in 0..<60 {
                now = now + .milliseconds(generator.pick(50...1500))
                let isFast = generator.chance(3) ? generator.chance(2) : fastSince != nil
                progress = min(1, progress + (generator.chance(4) ? 0.02 : 0))
                fastSince = isFast ? fastSince ?? now : nil
                slowSince = isFast ? nil : slowSince ?? now
                let measurement = measurement(isFast: isFast, progress, of: assist, &generator)
                let (rate, all) = (measurement.peerRate, measurement.rate)
                let isPeerless = measurement.peerCount == 0 || measurement.peersAreCutOff && !isFast
                peerlessSince = isPeerless ? peerlessSince ?? now : nil
                let before = assist.isAssisting
                let wasOnlySlow = isOnlySlow(assist.reason)
                let isBack = isBack(assist.reason, isFast: isFast, peers: rate, all: all)
                backSince = isBack ? backSince ?? now : nil
                switch assist.measured(measurement, at: now) {
                case .start(.slow(_, _, let held)):
                    try hold(held >= policy.slowDuration && slowSince.map { now - $0 >= held } ?? false, "not slow")
                    try hold(!before, "started twice")
                    try hold(wasUseless.map { now - $0 >= policy.uselessPause } ?? true, "tried again too soon")
                case .start(.hostileNetwork(let held)):
                    try hold(held >= policy.hostileDuration && peerlessSince == now - held, "not blocked")
                    try hold(!before || wasOnlySlow && !isBack, "started twice")
                case .start: try hold(!before && !policy.isDisabled, "started twice, or though disabled")
                case .stop(.recovered):
                    let backFor = backSince.map { now - $0 } ?? .zero
                    try hold(before && backFor >= policy.recoveryDuration, "stopped too soon")
                case .stop(.useless(let alone, let assisted)):
                    wasUseless = now
                    try hold(before && assisted.rawValue * 10 < alone.rawValue * 11, "stopped although it gained")
                case .none: try hold(assist.isAssisting == before, "changed without a word")
                }
                if before != assist.isAssisting { changes += 1 }
                // Slowness counts anew from each end on.
                if before, !assist.isAssisting { slowSince = nil }
                try hold(!before || assist.isAssisting || isBack || wasUseless == now, "stopped while slow")
                let mayWait = wasUseless.map { now - $0 < policy.longestUselessPause + policy.slowDuration } ?? false
                let hasBeenSlow = slowSince.map { now - $0 >= policy.slowDuration } ?? false
                try hold(
                    policy.isDisabled || !hasBeenSlow || assist.isAssisting || mayWait,
                    "slow for long and no assist"
                )
            }
        }
    }

    private func policy(_ generator: inout SeededGenerator) -> AssistPolicy {
        var policy = AssistPolicy()
        policy.slowDuration = .seconds(generator.pick(1...10))
        policy.stallDuration = .seconds(generator.pick(5...40))
        policy.recoveryDuration = .seconds(generator.pick(1...5))
        policy.hostileDuration = .seconds(generator.pick(1...5))
        policy.trialDuration = .seconds(generator.pick(1...8))
        policy.uselessPause = .seconds(generator.pick(5...10))
        policy.longestUselessPause = .seconds(20)
        policy.isDisabled = generator.chance(10)
        if generator.chance(3) { policy.expected = .seconds(generator.pick(1...20)) }
        return policy
    }

    private func measurement(
        isFast: Bool,
        _ progress: Double,
        of assist: AssistSwitch,
        _ generator: inout SeededGenerator
    ) -> AssistSwitch.Measurement {
        let rate = BytesPerSecond(isFast ? 2_000_000 : 10)
        let gain = assist.isAssisting && generator.chance(2) ? BytesPerSecond(10) : .zero
        return AssistSwitch.Measurement(
            peerRate: rate,
            rate: rate + gain,
            progress: progress,
            peerCount: generator.chance(3) ? 0 : 2,
            httpWorks: generator.chance(2),
            peersAreCutOff: generator.chance(3)
        )
    }

    private func isOnlySlow(_ reason: AssistReason?) -> Bool {
        switch reason {
        case .slow, .overdue: true
        default: false
        }
    }

    /// Who is late has to bring what was expected, which is told with the reason.
    private func isBack(_ reason: AssistReason?, isFast: Bool, peers: BytesPerSecond, all: BytesPerSecond) -> Bool {
        switch reason {
        case .stalled, .hostileNetwork, .cutOff: isFast || peers.rawValue * 2 >= all.rawValue
        case .overdue(_, let expected): peers >= BytesPerSecond(.mebibytes(64), over: expected)
        case .slow: isFast
        case .bitTorrentDisabled, nil: false
        }
    }
}
