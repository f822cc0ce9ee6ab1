/// One official interop case: what our client does, and what it expects.
struct InteropCase: Sendable {
    let name: String
    let run: @Sendable (InteropServer) async throws -> Void

    /// Every case that needs no cloud.
    static let all = unary + streaming + statuses + connections
}
