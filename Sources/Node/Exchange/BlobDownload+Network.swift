internal import Download
internal import Manifest
internal import SluiceAPI
internal import Transport
internal import Units

/// What the network lets through, found out beside the download.
extension BlobDownload {
    func probeNetwork(_ now: BootTime) {
        guard plan.usesBitTorrent, !isOver else { return }
        let action = network.tick(
            peerRate: engine.peerRate,
            peersOwe: engine.peersOwe,
            suspicious: engine.suspiciousRate,
            at: now
        )
        engine.peersAreCutOff = network.found(at: now) == .bitTorrentBlocked
        switch action {
        case .none: break
        case .dialBack: askToDialBack()
        case .sampleHTTP: sampleHTTP(now)
        }
    }

    /// A relay has answered over HTTP, whatever it was asked.
    func httpAnswered() {
        let now = BootClock.now()
        network.httpAnswered(at: now)
        engine.httpAnswered(at: now)
    }

    private func askToDialBack() {
        guard plan.announces, let relay = relays.values.first else { return }
        Task {
            guard let isReachable = try? await relay.dialsBack(to: runtime.reach.port) else { return }
            network.dialBackAnswered(isReachable: isReachable)
        }
    }

    private func sampleHTTP(_ now: BootTime) {
        var actions: [DownloadAction] = []
        guard let source = engine.sampleFetched(at: now, into: &actions),
            case .fetch(_, let piece, _)? = actions.last
        else { return }
        samples[Fetch(source: source, piece: piece)] = now
        perform(actions)
    }

    /// A fetch is over; if it was a sample, its rate tells something.
    func sampleEnded(_ key: Fetch, bytes: ByteCount, failed: Bool) {
        guard let began = samples.removeValue(forKey: key), !failed else { return }
        network.sampled(BytesPerSecond(bytes, over: BootClock.now() - began))
    }
}

extension SluiceAPI.NetworkClass {
    init(_ found: Download.NetworkClass) {
        switch found {
        case .unknown: self = .unspecified
        case .open: self = .open
        case .inboundBlocked: self = .inboundBlocked
        case .bitTorrentBlocked: self = .bittorrentBlocked
        case .bitTorrentThrottled: self = .bittorrentThrottled
        }
    }
}
