internal import Manifest
package import Units

/// What time brings: rates, silence, and assist by them.
extension DownloadEngine {
    /// Called a few times a second.
    package mutating func tick(at now: BootTime, into actions: inout [DownloadAction]) {
        guard !isOver else { return }
        for id in sources.keys.sorted() {
            let rate = sources[id]?.meter.measured(at: now) ?? .zero
            sources[id]?.rate = rate
            sources[id]?.queue.tick(at: now)
            expireRequests(of: id, now)
            expireFetches(of: id, now, &actions)
        }
        lookForSilence(now)
        _ = peerMeter.measured(at: now)
        let peerRate = promptMeter.measured(at: now)
        let measurement = AssistSwitch.Measurement(
            peerRate: peerRate,
            rate: rate,
            progress: Double(verifiedBytes.rawValue) / Double(max(1, geometry.size.rawValue)),
            peerCount: sources.values.count { $0.kind.isPeer },
            httpWorks: httpAnsweredAt.map { now - $0 < Limits.httpMemory } ?? false,
            peersAreCutOff: peersAreCutOff
        )
        let change = assist.measured(measurement, at: now)
        let assistRate = assist.reason.flatMap { policy.assistRate(for: $0, beside: peerRate) }
        assistBucket.rateChanged(to: assistRate ?? BytesPerSecond(rawValue: .max), at: now)
        switch change {
        case .none: break
        case .start(let reason): actions.append(.startAssist(reason))
        case .stop(let end):
            actions.append(.stopAssist(end))
            for id in sources.keys where sources[id]?.kind.isPeer == false {
                for piece in sources[id]?.fetches ?? [] { actions.append(.cancelFetch(id, piece)) }
                release(id)
            }
        }
        tellOrigin(now, &actions)
        fillAll(now, &actions, asksAgain: true)
    }

    /// The rate over all BitTorrent sources and HTTP together.
    package var rate: BytesPerSecond { sources.values.reduce(.zero) { $0 + $1.rate } }

    /// What peers bring just now.
    package var peerRate: BytesPerSecond { promptMeter.rate }

    /// Whether peers owe blocks.
    package var peersOwe: Bool { load.owed > 0 }

    /// Whether this peer owes blocks.
    package func owes(_ id: SourceID) -> Bool { sources[id]?.outstanding.isEmpty == false }

    /// Below this rate of peers one has to wonder about the network: half of what assist would fill up to, or of what the
    /// node may receive at all.
    package var suspiciousRate: BytesPerSecond {
        BytesPerSecond(rawValue: min(policy.floor, downBucket.rate).rawValue / 2)
    }

    private mutating func tellOrigin(_ now: BootTime, _ actions: inout [DownloadAction]) {
        let relays = sources.values.contains { $0.kind == .relayHTTP && $0.failures < 3 }
        let wants =
            assist.isAssisting && downBucket.rate > .zero && (policy.originOnly || !relays) && !isOver
            && hasMoreToFetch(now)
        guard wants != wantsOrigin else { return }
        wantsOrigin = wants
        actions.append(.wantOrigin(wants))
    }
}
