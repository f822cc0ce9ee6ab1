internal import SluiceAPI
internal import Units

/// On whose account bytes are taken from an origin.
struct OriginAccount: Hashable, Sendable {
    let origin: OriginID
    let distribution: String
    let use: OriginUse
}
