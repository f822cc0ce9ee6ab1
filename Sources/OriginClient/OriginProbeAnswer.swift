/// The head that answered a probe, and where.
struct OriginProbeAnswer: Hashable, Sendable {
    let head: ResponseHead
    let finalURL: String
}
