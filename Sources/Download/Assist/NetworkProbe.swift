package import Units

/// Finds out what the network does to BitTorrent, by comparing it with HTTP to the same relays. No I/O: what was tried and
/// what came of it are events, what to try next comes out of `tick`.
///
/// | found | by |
/// | --- | --- |
/// | bitTorrentBlocked | HTTP answers, and no handshake has completed for `patience` since the first dial |
/// | bitTorrentThrottled | peers that owe blocks bring less than a quarter of what an HTTP sample brings, twice |
/// | inboundBlocked | a relay that was asked to dial back could not |
/// | open | a relay that was asked to dial back could, and a handshake has completed |
///
/// What is found later replaces what was found before. Legal noise: samples and answers that come after others.
package struct NetworkProbe: Sendable {
    /// What to try next.
    package enum Action: Hashable, Sendable {
        case none
        /// Ask a relay to dial back.
        case dialBack
        /// Fetch a little over HTTP from a relay, and tell how fast it came.
        case sampleHTTP
    }

    /// No handshake for this long after the first dial is a block.
    package static let patience = Duration.seconds(2)
    /// Peers are given this long to get going before they are compared.
    private static let settling = Duration.milliseconds(1_500)
    /// Between samples, and how many at most: they are bytes that BitTorrent would have brought.
    private static let sampleEvery = Duration.milliseconds(1_500)
    private static let mostSamples = 4
    /// So many times faster than BitTorrent is a throttle.
    private static let telling = 4.0
    private static let samplesThatTell = 2

    private var firstDial: BootTime?
    private var hasHandshake = false
    private var httpWorks = false
    private var hasAskedToDialBack = false
    private var isReachable: Bool?
    private var owingSince: BootTime?
    private var lastSample: BootTime?
    private var samples = 0
    private var tellingSamples = 0
    private var peerRate = BytesPerSecond.zero

    package init() {}

    /// A relay is dialled for BitTorrent.
    package mutating func dialled(at now: BootTime) { firstDial = firstDial ?? now }

    /// A handshake with a peer has completed.
    package mutating func handshakeCompleted() { hasHandshake = true }

    /// A relay has answered over HTTP.
    package mutating func httpAnswered() { httpWorks = true }

    /// A relay has tried to dial back.
    package mutating func dialBackAnswered(isReachable: Bool) { self.isReachable = isReachable }

    /// A sample over HTTP came at this rate.
    package mutating func sampled(_ rate: BytesPerSecond) {
        let isTelling = Double(rate.rawValue) > Double(peerRate.rawValue) * Self.telling
        tellingSamples = isTelling ? tellingSamples + 1 : 0
    }

    /// A few times a second: the peers' rate, whether they owe blocks, and below what rate one has to wonder.
    package mutating func tick(
        peerRate: BytesPerSecond,
        peersOwe: Bool,
        suspicious: BytesPerSecond,
        at now: BootTime
    ) -> Action {
        self.peerRate = peerRate
        owingSince = peersOwe ? owingSince ?? now : nil
        if httpWorks, !hasAskedToDialBack {
            hasAskedToDialBack = true
            return .dialBack
        }
        guard httpWorks, let since = owingSince, now - since >= Self.settling, peerRate < suspicious,
            samples < Self.mostSamples, lastSample.map({ now - $0 >= Self.sampleEvery }) ?? true
        else { return .none }
        samples += 1
        lastSample = now
        return .sampleHTTP
    }

    /// What is known by now.
    package func found(at now: BootTime) -> NetworkClass {
        if !hasHandshake {
            guard httpWorks, let firstDial, now - firstDial >= Self.patience else { return .unknown }
            return .bitTorrentBlocked
        }
        if tellingSamples >= Self.samplesThatTell { return .bitTorrentThrottled }
        return isReachable.map { $0 ? .open : .inboundBlocked } ?? .unknown
    }
}
