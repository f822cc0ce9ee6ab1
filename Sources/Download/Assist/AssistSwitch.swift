package import Units

/// Says when HTTP assist starts and stops for one download. Time comes in, changes go out.
///
/// | state | event | next |
/// | --- | --- | --- |
/// | swarming | a trigger's condition held long enough | assisting |
/// | assisting | BitTorrent above the threshold for the recovery time | swarming |
package struct AssistSwitch: Sendable {
    /// What has changed.
    package enum Change: Hashable, Sendable { case none, start(AssistReason), stop }

    /// What is measured.
    package struct Measurement: Sendable {
        package var peerRate: BytesPerSecond
        /// Part of the file that is there, 0 to 1.
        package var progress: Double
        package var peerCount: Int
        package var httpWorks: Bool

        package init(peerRate: BytesPerSecond, progress: Double, peerCount: Int, httpWorks: Bool) {
            self.peerRate = peerRate
            self.progress = progress
            self.peerCount = peerCount
            self.httpWorks = httpWorks
        }
    }

    private let policy: AssistPolicy
    private var started: BootTime
    private var pausedSince: BootTime?
    private var slowSince: BootTime?
    private var peerlessSince: BootTime?
    private var recoveredSince: BootTime?
    private var markedProgress: (progress: Double, at: BootTime)
    package private(set) var reason: AssistReason?

    package init(policy: AssistPolicy, at now: BootTime) {
        self.policy = policy
        self.started = now
        self.markedProgress = (0, now)
    }

    package var isAssisting: Bool { reason != nil }

    package mutating func measured(_ measurement: Measurement, at now: BootTime) -> Change {
        guard !policy.isDisabled, pausedSince == nil else { return .none }
        // It falls where pieces are revoked.
        if measurement.progress - markedProgress.progress >= policy.stallProgress
            || measurement.progress < markedProgress.progress
        {
            markedProgress = (measurement.progress, now)
        }
        slowSince = measurement.peerRate < policy.floor ? slowSince ?? now : nil
        peerlessSince = measurement.peerCount == 0 ? peerlessSince ?? now : nil
        if reason != nil { return recovery(measurement, now) }
        guard let found = trigger(measurement, now) else { return .none }
        reason = found
        recoveredSince = nil
        return .start(found)
    }

    /// Nothing may move for now.
    package mutating func paused(at now: BootTime) { pausedSince = pausedSince ?? now }

    /// Things may move again: the time in between counts against nobody.
    package mutating func resumed(at now: BootTime) {
        guard let since = pausedSince else { return }
        pausedSince = nil
        started = started + (now - since)
        slowSince = nil
        peerlessSince = nil
        recoveredSince = nil
        markedProgress.at = now
    }

    private func trigger(_ measurement: Measurement, _ now: BootTime) -> AssistReason? {
        if policy.bitTorrentIsDisabled { return .bitTorrentDisabled }
        if let since = peerlessSince, measurement.httpWorks, now - since >= policy.hostileDuration {
            return .hostileNetwork(duration: now - since)
        }
        if let since = slowSince, now - since >= policy.slowDuration {
            return .slow(rate: measurement.peerRate, threshold: policy.floor, duration: now - since)
        }
        if now - markedProgress.at >= policy.stallDuration {
            return .stalled(progress: measurement.progress - markedProgress.progress, duration: now - markedProgress.at)
        }
        if let expected = policy.expected, now - started >= expected * policy.overdueFactor {
            return .overdue(elapsed: now - started, expected: expected)
        }
        return nil
    }

    private mutating func recovery(_ measurement: Measurement, _ now: BootTime) -> Change {
        guard !policy.bitTorrentIsDisabled, measurement.peerRate >= policy.floor else {
            recoveredSince = nil
            return .none
        }
        let since = recoveredSince ?? now
        recoveredSince = since
        guard now - since >= policy.recoveryDuration else { return .none }
        reason = nil
        slowSince = nil
        markedProgress = (measurement.progress, now)
        return .stop
    }
}
