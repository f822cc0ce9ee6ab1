internal import Download
internal import SluiceAPI
internal import Units

extension AssistPolicy {
    /// The order's configuration over the defaults.
    init(_ config: DistributionConfig) {
        self.init()
        if config.assistBelowBytesPerSecond > 0 {
            slowRate = BytesPerSecond(rawValue: config.assistBelowBytesPerSecond)
        }
        if let after = config.assistAfter?.duration { slowDuration = after }
        isDisabled = config.assistDisabled
        bitTorrentIsDisabled = config.bittorrentDisabled
        originOnly = config.assistFromOriginOnly
    }
}
