internal import Units

/// One request, redirects included, and where its response goes.
struct FetchOrder: Sendable {
    let url: String
    let purpose: RequestPurpose
    /// Nil leaves the connection's rate as it is.
    let rate: BytesPerSecond?
    let pipe: BodyPipe
}
