package import Units

/// Says when HTTP assist starts and stops for one download. Time comes in, changes go out.
///
/// | state | event | next |
/// | --- | --- | --- |
/// | swarming | a trigger's condition held long enough | assisting |
/// | assisting | what was amiss is not any more, for the recovery time | swarming |
/// | assisting for slowness or lateness | BitTorrent turns out to be blocked | assisting for that, without a limit |
/// | assisting for slowness or lateness | a trial in which all sources together were no faster than before | swarming, more patient |
///
/// | reason | is not amiss any more when peers bring |
/// | --- | --- |
/// | slow | the threshold |
/// | late | what the order expected of them; how long the rest takes is then expected anew |
/// | stalled, blocked | the threshold, or half of all that comes |
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
        /// Whether something has answered over HTTP lately.
        package var httpWorks: Bool
        /// Whether peers that are there do not count, because the network cuts them off again and again.
        package var peersAreCutOff: Bool

        package init(
            peerRate: BytesPerSecond,
            rate: BytesPerSecond,
            progress: Double,
            peerCount: Int,
            httpWorks: Bool,
            peersAreCutOff: Bool = false
        ) {
            self.peerRate = peerRate
            self.rate = rate
            self.progress = progress
            self.peerCount = peerCount
            self.httpWorks = httpWorks
            self.peersAreCutOff = peersAreCutOff
        }
    }

    private let policy: AssistPolicy
    private let size: ByteCount
    private var started: BootTime
    /// How long it should take from `started` on.
    private var expected: Duration?
    private var pausedSince: BootTime?
    private var slowSince: BootTime?
    private var peerlessSince: BootTime?
    private var recoveredSince: BootTime?
    private var markedProgress: (progress: Double, at: BootTime)
    /// What comes without assist, smoothed, and when that was measured last.
    private var alone: (rate: Double, at: BootTime)?
    /// When the trial of assist began, and what comes in it; nil where there is none, or it is over.
    private var trial: (since: BootTime, rate: MeanRate)?
    /// Until when slowness starts nothing, and how long the next such pause is.
    private var uselessUntil = BootTime.zero
    private var uselessPause: Duration
    package private(set) var reason: AssistReason?

    package init(policy: AssistPolicy, size: ByteCount, at now: BootTime) {
        self.policy = policy
        self.size = size
        self.started = now
        self.expected = policy.expected
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
        let isPeerless = measurement.peerCount == 0 || measurement.peersAreCutOff && slowSince != nil
        peerlessSince = isPeerless ? peerlessSince ?? now : nil
        if let found = worse(measurement, now) {
            start(found, now)
            return .start(found)
        }
        if reason != nil {
            if let end = useless(measurement, now) { return .stop(end) }
            return recovery(measurement, now)
        }
        addAlone(measurement.rate, now)
        guard let found = trigger(measurement, now) else { return .none }
        start(found, now)
        return .start(found)
    }

    private mutating func start(_ found: AssistReason, _ now: BootTime) {
        reason = found
        recoveredSince = nil
        switch found {
        case .slow, .overdue: trial = (now, MeanRate())
        case .stalled, .hostileNetwork, .cutOff, .bitTorrentDisabled: trial = nil
        }
    }

    /// What was only slow or late is blocked by now.
    private func worse(_ measurement: Measurement, _ now: BootTime) -> AssistReason? {
        switch reason {
        case .slow where !isRecovered(measurement), .overdue where !isRecovered(measurement):
            measurement.httpWorks ? blocked(measurement, now) : nil
        default: nil
        }
    }

    private func blocked(_ measurement: Measurement, _ now: BootTime) -> AssistReason? {
        guard let since = peerlessSince, now - since >= policy.hostileDuration else { return nil }
        return measurement.httpWorks ? .hostileNetwork(duration: now - since) : .cutOff(duration: now - since)
    }

    private mutating func addAlone(_ rate: BytesPerSecond, _ now: BootTime) {
        let rate = Double(rate.rawValue)
        guard let before = alone else { return alone = (rate, now) }
        let share = min(1, (now - before.at).seconds / policy.trialDuration.seconds)
        alone = (before.rate + (rate - before.rate) * share, now)
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
        if let found = blocked(measurement, now) { return found }
        if let since = slowSince, now - since >= policy.slowDuration, now >= uselessUntil {
            return .slow(rate: measurement.peerRate, threshold: policy.floor, duration: now - since)
        }
        if now - markedProgress.at >= policy.stallDuration {
            return .stalled(progress: measurement.progress - markedProgress.progress, duration: now - markedProgress.at)
        }
        if let expected, now - started >= expected * policy.overdueFactor {
            return .overdue(elapsed: now - started, expected: expected)
        }
        return nil
    }

    /// HTTP that shares a full link with BitTorrent only takes from it: after a trial, assist for slowness or lateness ends
    /// where nothing is gained. What is promised is filled up to whatever it gains.
    private mutating func useless(_ measurement: Measurement, _ now: BootTime) -> AssistEnd? {
        guard let since = trial?.since else { return nil }
        // Connections take a moment to come up to speed.
        if now - since >= policy.trialDuration / 2 { trial?.rate.add(measurement.rate) }
        guard now - since >= policy.trialDuration, let assisted = trial?.rate.mean else { return nil }
        trial = nil
        let alone = BytesPerSecond(UInt64(self.alone?.rate ?? 0))
        guard alone >= policy.minimumRate,
            Double(assisted.rawValue) < Double(alone.rawValue) * policy.worthwhileGain
        else {
            uselessPause = policy.uselessPause
            return nil
        }
        uselessUntil = now + uselessPause
        uselessPause = min(uselessPause * 2, policy.longestUselessPause)
        ended(measurement, now)
        return .useless(alone: alone, assisted: assisted)
    }

    private mutating func recovery(_ measurement: Measurement, _ now: BootTime) -> Change {
        guard isRecovered(measurement) else {
            recoveredSince = nil
            return .none
        }
        let since = recoveredSince ?? now
        recoveredSince = since
        guard now - since >= policy.recoveryDuration else { return .none }
        markedProgress = (measurement.progress, now)
        ended(measurement, now)
        return .stop(.recovered(rate: measurement.peerRate))
    }

    private func isRecovered(_ measurement: Measurement) -> Bool {
        let rate = measurement.peerRate
        switch reason {
        case .slow: return rate >= policy.floor
        case .overdue(_, let expected):
            return rate >= max(policy.minimumRate, BytesPerSecond(size, over: expected))
        case .stalled, .hostileNetwork, .cutOff:
            let half = BytesPerSecond(rawValue: measurement.rate.rawValue / 2)
            return rate >= policy.floor || rate > .zero && rate >= max(policy.minimumRate, half)
        case .bitTorrentDisabled, nil: return false
        }
    }

    /// Who is late stays late: what is expected from now on is what the peers are able to.
    private mutating func ended(_ measurement: Measurement, _ now: BootTime) {
        if case .overdue = reason {
            let rest = Double(size.rawValue) * (1 - measurement.progress)
            started = now
            let seconds = rest / Double(max(1, measurement.peerRate.rawValue))
            expected = .seconds(min(max(seconds, Self.shortestExpected), Self.longestExpected))
        }
        reason = nil
        slowSince = nil
        trial = nil
    }

    /// What is left may be little, and a week is longer than any push takes.
    private static let shortestExpected = 10.0
    private static let longestExpected = 604_800.0
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
