package import Units

/// When assist starts and stops; the defaults are DESIGN.md section 6's.
package struct AssistPolicy: Hashable, Sendable {
    /// Below this for `slowDuration` is slow; 1,000,000 bytes per second for 30 s.
    package var slowRate = BytesPerSecond(rawValue: 1_000_000)
    package var slowDuration = Duration.seconds(30)
    /// Less than this part of the file in `stallDuration` is a stall; 1 % in 5 minutes.
    package var stallProgress = 0.01
    package var stallDuration = Duration.seconds(300)
    /// No peer for this long, while HTTP answers, is a network that forbids BitTorrent; 5 s.
    package var hostileDuration = Duration.seconds(5)
    /// Later than this multiple of the expected time; 150 %.
    package var overdueFactor = 1.5
    package var expected: Duration?
    /// What began assist must be over for this long; 2 s.
    package var recoveryDuration = Duration.seconds(2)
    /// Assist for slowness or lateness has this long to show that it brings more than BitTorrent had by itself: 10 s, 110 %.
    package var trialDuration = Duration.seconds(10)
    package var worthwhileGain = 1.1
    /// Where it does not, slowness starts none for 5 minutes; each time twice as long, up to an hour.
    package var uselessPause = Duration.seconds(300)
    package var longestUselessPause = Duration.seconds(3600)
    /// What is promised: HTTP fills up to it whenever BitTorrent stays below it for `slowDuration`. Zero promises nothing.
    package var minimumRate = BytesPerSecond.zero
    package var isDisabled = false
    package var bitTorrentIsDisabled = false
    package var originOnly = false

    package init() {}

    /// BitTorrent below this is slow: the threshold, or the promise where that is higher.
    package var floor: BytesPerSecond { max(slowRate, minimumRate) }

    /// How much assist for this reason may bring beside peers that bring `peerRate`; nil where it takes all that is left.
    /// BitTorrent keeps its bandwidth: what is only slow is filled up to the floor.
    package func assistRate(for reason: AssistReason, beside peerRate: BytesPerSecond) -> BytesPerSecond? {
        guard case .slow = reason else { return nil }
        return floor > peerRate ? floor - peerRate : .zero
    }
}
