/// One call as its caller holds it. Letting go of the call and its writer and reader cancels what is unfinished.
package struct RPCClientCall<Request: RPCMessage, Response: RPCMessage>: Sendable {
    private let call: ClientCall
    /// Where requests go; `finish` it when there are no more.
    package let requests: RPCWriter<Request>
    /// Where responses come from.
    package let responses: RPCReader<Response>

    init(_ call: ClientCall) {
        self.call = call
        self.requests = RPCWriter(call)
        self.responses = RPCReader(call)
    }

    /// The metadata before the first response; waits for the head. Throws where the call fails before it.
    package func initialMetadata() async throws(RPCError) -> RPCMetadata {
        try await call.initialMetadata()
    }
    /// The metadata of the status; empty until the responses have been read to their end.
    package var trailingMetadata: RPCMetadata { call.trailingMetadata }
    /// How the call ended; nil until the responses have been read to their end.
    package var status: RPCStatus? { call.status }
    /// Whether the response read last came compressed.
    package var lastResponseWasCompressed: Bool { call.lastResponseWasCompressed }
    /// Gives the call up: the server is told by RST_STREAM CANCEL, and reading throws `cancelled`.
    package func cancel() { call.cancel() }
}
