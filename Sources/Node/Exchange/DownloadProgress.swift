internal import Download
internal import SluiceAPI
internal import Units

/// How far a download is.
struct DownloadProgress: Sendable {
    let verifiedBytes: ByteCount
    let totals: SourceTotals
    let rate: BytesPerSecond
    /// Under which the pieces are proven.
    let epoch: Epoch
    /// Why assist runs, or last ran; empty if it never did.
    let assist: String
    /// How often assist has begun or ended.
    let assistSwitches: UInt32
    let isAssisting: Bool
    let network: Download.NetworkClass
    let reports: [PeerReport]

    /// The totals as a status tells them.
    var sources: SourceBytes {
        var sources = SourceBytes()
        sources.agentPeers = totals.agentPeers.rawValue
        sources.relayPeers = totals.relayPeers.rawValue
        sources.relayHttp = totals.relayHTTP.rawValue
        sources.origin = totals.origin.rawValue
        sources.duplicate = totals.duplicate.rawValue
        return sources
    }
}
