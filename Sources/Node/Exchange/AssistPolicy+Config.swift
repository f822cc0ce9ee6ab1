internal import Download
internal import SluiceAPI
internal import Units

extension AssistPolicy {
    /// How long the promised rate may be missed where the order does not say.
    private static let promisePatience = Duration.seconds(2)

    /// The order's configuration over the defaults.
    init(_ config: DistributionConfig) {
        self.init()
        minimumRate = BytesPerSecond(rawValue: config.minimumBytesPerSecond)
        if minimumRate > .zero {
            slowRate = .zero
            slowDuration = Self.promisePatience
        }
        if config.assistBelowBytesPerSecond > 0 {
            slowRate = BytesPerSecond(rawValue: config.assistBelowBytesPerSecond)
        }
        if let after = config.assistAfter?.duration { slowDuration = after }
        if let after = config.blockedAfter?.duration { hostileDuration = after }
        if config.stallPermille > 0 { stallProgress = Double(config.stallPermille) / 1000 }
        if let after = config.stallAfter?.duration { stallDuration = after }
        if config.overduePercent > 0 { overdueFactor = Double(config.overduePercent) / 100 }
        if let after = config.handBackAfter?.duration { recoveryDuration = after }
        expected = config.expectedDuration?.duration
        isDisabled = config.assistDisabled
        bitTorrentIsDisabled = config.bittorrentDisabled
        originOnly = config.assistFromOriginOnly
    }
}
