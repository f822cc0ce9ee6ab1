internal import SluiceAPI
internal import Store
internal import Units

/// Puts together what a user sees of a distribution.
enum DistributionSnapshot {
    /// Targets shown at most; those that failed come first. The progress counts all.
    static let maximumTargets = 1000

    static func make(
        order: Distribution,
        record: DistributionRecord,
        tasks: [ActiveTask],
        magnetLink: String
    ) -> Distribution {
        var distribution = order
        distribution.name = record.id.text
        distribution.state = DistributionState(record.state)
        distribution.failure = record.failure
        distribution.createTime = Timestamp(milliseconds: record.createdAt)
        distribution.endTime = record.endedAt.map { Timestamp(milliseconds: $0) }
        if let expected = order.config?.expectedDuration?.duration {
            let milliseconds = Int64((expected.seconds * 1000).rounded())
            distribution.expectTime = Timestamp(milliseconds: record.createdAt + milliseconds)
        }
        let agents = tasks.filter { $0.record.kind == .agent }
        let relays = tasks.filter { $0.record.kind == .relay }
        distribution.targets = shown(agents).sorted { $0.record.node < $1.record.node }.map(target)
        distribution.relays = relays.sorted { $0.record.node < $1.record.node }.map(relay)
        distribution.progress = progress(of: agents, size: distribution.size, relays: distribution.relays)
        distribution.magnetLink = magnetLink
        return distribution
    }

    private static func shown(_ agents: [ActiveTask]) -> [ActiveTask] {
        guard agents.count > maximumTargets else { return agents }
        let failed = agents.filter { $0.record.state == .failed }.prefix(maximumTargets)
        let others = agents.lazy.filter { $0.record.state != .failed }.prefix(maximumTargets - failed.count)
        return Array(failed) + others
    }

    private static func target(_ task: ActiveTask) -> TargetProgress {
        var target = TargetProgress()
        target.node = task.record.node.text
        target.state = TaskState(task.record.state)
        target.verifiedBytes = task.status.verifiedBytes
        target.sources = task.status.sources ?? SourceBytes()
        target.bytesPerSecond = task.record.state.isFinal ? 0 : task.status.bytesPerSecond
        target.message = task.status.message
        target.elapsed = task.status.elapsed
        target.sha256 = task.status.sha256
        target.assist = task.status.assist
        target.reports = task.status.reports
        target.network = task.status.network
        target.assistSwitches = task.status.assistSwitches
        target.assisting = task.status.assisting && !task.record.state.isFinal
        return target
    }

    private static func relay(_ task: ActiveTask) -> RelayProgress {
        var relay = RelayProgress()
        relay.node = task.record.node.text
        relay.state = TaskState(task.record.state)
        relay.verifiedBytes = task.status.verifiedBytes
        relay.originBytes = task.status.originBytes
        relay.servedBytes = task.status.servedBytes
        relay.message = task.status.message
        return relay
    }

    /// Sums that stop at the top: what nodes say is bounded when it comes, but may have been stored by an earlier version.
    private static func progress(of agents: [ActiveTask], size: UInt64, relays: [RelayProgress]) -> Progress {
        var progress = Progress()
        var sources = SourceBytes()
        for agent in agents {
            progress.targetCount += 1
            if agent.record.state == .completed { progress.completedCount += 1 }
            if agent.record.state == .failed { progress.failedCount += 1 }
            progress.verifiedBytes = progress.verifiedBytes.addingSaturated(agent.status.verifiedBytes)
            if !agent.record.state.isFinal {
                progress.bytesPerSecond = progress.bytesPerSecond.addingSaturated(agent.status.bytesPerSecond)
            }
            if let from = agent.status.sources { sources.add(from) }
        }
        progress.sources = sources
        progress.originBytes = relays.reduce(sources.origin) { $0.addingSaturated($1.originBytes) }
        let whole = size.multipliedSaturated(by: UInt64(progress.targetCount))
        if progress.bytesPerSecond > 0, whole > progress.verifiedBytes {
            // Rounded up.
            progress.etaSeconds = (whole - progress.verifiedBytes - 1) / progress.bytesPerSecond + 1
        }
        return progress
    }
}

extension SourceBytes {
    fileprivate mutating func add(_ other: SourceBytes) {
        agentPeers = agentPeers.addingSaturated(other.agentPeers)
        relayPeers = relayPeers.addingSaturated(other.relayPeers)
        relayHttp = relayHttp.addingSaturated(other.relayHttp)
        origin = origin.addingSaturated(other.origin)
        duplicate = duplicate.addingSaturated(other.duplicate)
    }
}
