package import Units

/// Says when HTTP assist starts and stops for one download. Time comes in, changes go out.
///
/// | state | event | next |
/// | --- | --- | --- |
/// | swarming | a trigger's condition held long enough | assisting |
/// | assisting | BitTorrent above the threshold for the recovery time | swarming |
/// | assisting for slowness | a trial in which all sources together were no faster than before | swarming, more patient |
package struct AssistSwitch: Sendable {
    /// What has changed.
    package enum Change: Hashable, Sendable { case none, start(AssistReason), stop(AssistEnd) }

    /// What is measured.
    package struct Measurement: Sendable {
        package var peerRate: BytesPerSecond
        /// Of peers and HTTP together.
        package var rate: BytesPerSecond
        /// Part of the file that is there, 0 to 1.
        package var progress: Double
        package var peerCount: Int
        package var httpWorks: Bool

        package init(
            peerRate: BytesPerSecond,
            rate: BytesPerSecond,
            progress: Double,
            peerCount: Int,
            httpWorks: Bool
        ) {
            self.peerRate = peerRate
            self.rate = rate
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
    /// What came while it was slow without assist.
    private var alone = MeanRate()
    /// When the trial of assist began, and what comes in it; nil where there is none, or it is over.
    private var trial: (since: BootTime, rate: MeanRate)?
    /// Until when slowness starts nothing, and how long the next such pause is.
    private var uselessUntil = BootTime.zero
    private var uselessPause: Duration
    package private(set) var reason: AssistReason?

    package init(policy: AssistPolicy, at now: BootTime) {
        self.policy = policy
        self.started = now
        self.markedProgress = (0, now)
        self.uselessPause = policy.uselessPause
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
        if reason != nil {
            if let end = useless(measurement, now) { return .stop(end) }
            return recovery(measurement, now)
        }
        if slowSince == now { alone = MeanRate() }
        if slowSince != nil { alone.add(measurement.rate) }
        guard let found = trigger(measurement, now) else { return .none }
        reason = found
        recoveredSince = nil
        if case .slow = found { trial = (now, MeanRate()) } else { trial = nil }
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
        if trial != nil { trial = (now, MeanRate()) }
        markedProgress.at = now
    }

    private func trigger(_ measurement: Measurement, _ now: BootTime) -> AssistReason? {
        if policy.bitTorrentIsDisabled { return .bitTorrentDisabled }
        if let since = peerlessSince, measurement.httpWorks, now - since >= policy.hostileDuration {
            return .hostileNetwork(duration: now - since)
        }
        if let since = slowSince, now - since >= policy.slowDuration, now >= uselessUntil {
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

    /// HTTP that shares a full link with BitTorrent only takes from it: after a trial, assist for slowness ends where nothing
    /// is gained.
    private mutating func useless(_ measurement: Measurement, _ now: BootTime) -> AssistEnd? {
        guard let since = trial?.since else { return nil }
        // Connections take a moment to come up to speed.
        if now - since >= policy.trialDuration / 2 { trial?.rate.add(measurement.rate) }
        guard now - since >= policy.trialDuration, let assisted = trial?.rate else { return nil }
        trial = nil
        guard Double(assisted.mean.rawValue) < Double(alone.mean.rawValue) * policy.worthwhileGain else {
            uselessPause = policy.uselessPause
            return nil
        }
        uselessUntil = now + uselessPause
        uselessPause = min(uselessPause * 2, policy.longestUselessPause)
        reason = nil
        slowSince = nil
        return .useless(alone: alone.mean, assisted: assisted.mean)
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
        return .stop(.recovered(rate: measurement.peerRate))
    }
}

/// The mean of rates that are measured at even times.
private struct MeanRate: Sendable {
    private var sum = 0.0
    private var count = 0.0

    mutating func add(_ rate: BytesPerSecond) {
        sum += Double(rate.rawValue)
        count += 1
    }

    var mean: BytesPerSecond { BytesPerSecond(UInt64(sum / max(1, count))) }
}
