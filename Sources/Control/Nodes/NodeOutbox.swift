internal import SluiceAPI

/// The sending side of one node's stream: bounded, so that a slow node costs no memory.
struct NodeOutbox: Sendable {
    /// Messages that wait for a slow node at most; one more ends the stream, and the node is told all again when it
    /// comes back.
    static let maximumQueued = 4096

    /// Grows with each stream, so that an old stream's end is not taken for a new one's.
    let session: UInt64
    private let continuation: AsyncStream<ConnectResponse>.Continuation

    static func make(session: UInt64) -> (outbox: NodeOutbox, messages: AsyncStream<ConnectResponse>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ConnectResponse.self,
            bufferingPolicy: .bufferingOldest(maximumQueued)
        )
        return (NodeOutbox(session: session, continuation: continuation), stream)
    }

    func send(_ message: ConnectResponse.Message) {
        var response = ConnectResponse()
        response.message = message
        if case .dropped = continuation.yield(response) { continuation.finish() }
    }

    /// Ends the stream.
    func close() { continuation.finish() }
}
