package import HTTP
package import NIOCore

/// What a handler knows of its call, and what it may say besides messages.
package struct RPCServerContext: Sendable {
    /// Such as `/sluice.v1.Origins/CreateOrigin`.
    package let path: String
    /// What the caller sent, `authorization` included.
    package let metadata: RPCMetadata
    /// When the caller stops waiting; the handler's task is cancelled then. Nil for never.
    package let deadline: ContinuousClock.Instant?
    /// Where the caller is; nil for a call within the process.
    package let remoteAddress: SocketAddress?
    /// The caller's certificate; nil where it showed none or there is no TLS.
    package let peer: PeerIdentity?
    let settings = RPCResponseSettings()

    /// A context for a call from anywhere; the gRPC server makes its own.
    package init(
        path: String,
        metadata: RPCMetadata = RPCMetadata(),
        deadline: ContinuousClock.Instant? = nil,
        remoteAddress: SocketAddress? = nil,
        peer: PeerIdentity? = nil
    ) {
        self.path = path
        self.metadata = metadata
        self.deadline = deadline
        self.remoteAddress = remoteAddress
        self.peer = peer
    }

    /// Replaces the metadata that goes before the first message; without effect once that has gone.
    package func setInitialMetadata(_ metadata: RPCMetadata) {
        settings.update { $0.initialMetadata = metadata }
    }
    /// Replaces the metadata that goes with the status. An `RPCError` that is thrown adds its own.
    package func setTrailers(_ metadata: RPCMetadata) {
        settings.update { $0.trailers = metadata }
    }
    /// Compresses the messages from now on, where the caller takes gzip; to be said before the first message.
    package func setCompression(_ compresses: Bool) {
        settings.update { $0.compresses = compresses }
    }
    /// Sends the initial metadata now instead of with the first message: after this an error is no longer
    /// Trailers-Only.
    package func sendInitialMetadata() async throws(RPCError) {
        guard let release = settings.values.releaseHead else { return }
        do { try await release() } catch { throw RPCError(thrown: error) }
    }
    /// Whether the request message read last came compressed.
    package var lastRequestWasCompressed: Bool { settings.values.lastRequestWasCompressed }
    /// The one request message, where the method takes one and it has come; for those who keep a record of calls.
    package var request: (any RPCMessage)? { settings.values.request }
    /// The one response message, where the method gives one and has.
    package var response: (any RPCMessage)? { settings.values.response }
    /// The metadata set so far; what a caller within the process reads after the handler's end.
    package var trailers: RPCMetadata { settings.values.trailers }
}
