package import Units

/// Finds out what the network does to BitTorrent, by comparing it with HTTP to the same relays. No I/O: what was tried and
/// what came of it are events, what to try next comes out of `tick`.
///
/// | found | by |
/// | --- | --- |
/// | bitTorrentBlocked | HTTP answers, no connection stands, and none has stood for `patience` since a dial |
/// | bitTorrentBlocked | HTTP answers, and three connections to relays in a row ended soon while they owed blocks |
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
    /// A connection that has stood for so long is not cut by the network.
    private static let standing = Duration.seconds(5)
    private static let cutsThatTell = 3
    /// One that ends sooner may be no more than a handshake that came in and whose answer was not let out.
    private static let fleeting = Duration.seconds(1)

    /// The first dial since a connection stood.
    private var unansweredSince: BootTime?
    private var lastHandshake: BootTime?
    private var connections = 0
    private var cuts = 0
    private var lastHTTPAnswer: BootTime?
    private var hasAskedToDialBack = false
    private var isReachable: Bool?
    private var owingSince: BootTime?
    private var lastSample: BootTime?
    private var samples = 0
    private var tellingSamples = 0
    private var peerRate = BytesPerSecond.zero

    package init() {}

    /// A relay is dialled for BitTorrent.
    package mutating func dialled(at now: BootTime) { unansweredSince = unansweredSince ?? now }

    /// A handshake with a peer has completed.
    package mutating func handshakeCompleted(at now: BootTime) {
        lastHandshake = now
        connections += 1
    }

    /// A connection with a peer has ended, so long after its handshake. `wasCut`: a relay's, who owed blocks.
    package mutating func connectionEnded(after lived: Duration, wasCut: Bool) {
        connections -= 1
        if lived >= Self.fleeting { unansweredSince = nil }
        cuts = wasCut && lived < Self.standing ? cuts + 1 : 0
    }

    /// A relay has answered over HTTP.
    package mutating func httpAnswered(at now: BootTime) { lastHTTPAnswer = now }

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
        if connections > 0, let lastHandshake {
            if now - lastHandshake >= Self.fleeting { unansweredSince = nil }
            if now - lastHandshake >= Self.standing { cuts = 0 }
        }
        if lastHTTPAnswer != nil, !hasAskedToDialBack {
            hasAskedToDialBack = true
            return .dialBack
        }
        guard lastHTTPAnswer != nil, let since = owingSince, now - since >= Self.settling, peerRate < suspicious,
            samples < Self.mostSamples, lastSample.map({ now - $0 >= Self.sampleEvery }) ?? true
        else { return .none }
        samples += 1
        lastSample = now
        return .sampleHTTP
    }

    /// What is known by now.
    package func found(at now: BootTime) -> NetworkClass {
        if isBlocked(at: now) { return .bitTorrentBlocked }
        guard lastHandshake != nil else { return .unknown }
        if tellingSamples >= Self.samplesThatTell { return .bitTorrentThrottled }
        return isReachable.map { $0 ? .open : .inboundBlocked } ?? .unknown
    }

    private func isBlocked(at now: BootTime) -> Bool {
        guard let lastHTTPAnswer else { return false }
        if cuts >= Self.cutsThatTell { return true }
        guard connections == 0, let since = unansweredSince, now - since >= Self.patience else { return false }
        // Behind a connection that stood, a relay that is gone would not answer either.
        return lastHandshake == nil || lastHTTPAnswer >= since
    }
}
