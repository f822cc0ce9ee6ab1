package import Units

/// When assist starts and stops; the defaults are DESIGN.md section 6's.
package struct AssistPolicy: Hashable, Sendable {
    /// Below this for `slowDuration` is slow; 1,000,000 bytes per second for 30 s.
    package var slowRate = BytesPerSecond(rawValue: 1_000_000)
    package var slowDuration = Duration.seconds(30)
    /// Less than this part of the file in `stallDuration` is a stall; 1 % in 5 minutes.
    package var stallProgress = 0.01
    package var stallDuration = Duration.seconds(300)
    /// No peer for this long is a network that forbids BitTorrent; 5 s.
    package var hostileDuration = Duration.seconds(5)
    /// Later than this multiple of the expected time; 150 %.
    package var overdueFactor = 1.5
    package var expected: Duration?
    /// BitTorrent faster than the threshold for this long ends assist; 3 s.
    package var recoveryDuration = Duration.seconds(3)
    package var isDisabled = false
    package var bitTorrentIsDisabled = false
    package var originOnly = false

    package init() {}
}
