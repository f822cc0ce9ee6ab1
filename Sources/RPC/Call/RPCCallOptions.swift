/// What a caller may say about one call.
package struct RPCCallOptions: Sendable {
    /// What the server is told besides the request.
    package var metadata: RPCMetadata
    /// How long the whole call may take, from its start; nil for ever.
    package var timeout: Duration?
    /// Whether request messages are sent as gzip.
    package var compresses: Bool
    /// How a unary call that fails is tried again, within its timeout; nil for never.
    package var retry: RPCRetryPolicy?

    /// No metadata, no deadline, no compression, no retries.
    package init(metadata: RPCMetadata = RPCMetadata(), timeout: Duration? = nil, compresses: Bool = false) {
        self.metadata = metadata
        self.timeout = timeout
        self.compresses = compresses
    }
}
