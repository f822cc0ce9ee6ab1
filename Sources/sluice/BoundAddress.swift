/// Where a server of this process listens.
struct BoundAddress: Sendable {
    let host: String
    let port: Int
}
