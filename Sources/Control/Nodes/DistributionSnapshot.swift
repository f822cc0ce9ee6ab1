internal import SluiceAPI
internal import Store
internal import Units

/// Puts together what a user sees of a distribution.
enum DistributionSnapshot {
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
        let ordered = tasks.sorted { $0.record.node < $1.record.node }
        distribution.targets = ordered.filter { $0.record.kind == .agent }.map(target)
        distribution.relays = ordered.filter { $0.record.kind == .relay }.map(relay)
        distribution.progress = progress(distribution)
        distribution.magnetLink = magnetLink
        return distribution
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

    private static func progress(_ distribution: Distribution) -> Progress {
        var progress = Progress()
        var sources = SourceBytes()
        for target in distribution.targets {
            progress.targetCount += 1
            if target.state == .completed { progress.completedCount += 1 }
            if target.state == .failed { progress.failedCount += 1 }
            progress.verifiedBytes += target.verifiedBytes
            progress.bytesPerSecond += target.bytesPerSecond
            guard let from = target.sources else { continue }
            sources.agentPeers += from.agentPeers
            sources.relayPeers += from.relayPeers
            sources.relayHttp += from.relayHttp
            sources.origin += from.origin
            sources.duplicate += from.duplicate
        }
        progress.sources = sources
        progress.originBytes = distribution.relays.reduce(sources.origin) { $0 + $1.originBytes }
        let whole = distribution.size * UInt64(progress.targetCount)
        if progress.bytesPerSecond > 0, whole > progress.verifiedBytes {
            progress.etaSeconds =
                (whole - progress.verifiedBytes + progress.bytesPerSecond - 1) / progress.bytesPerSecond
        }
        return progress
    }
}
