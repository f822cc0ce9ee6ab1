/// The outgoing messages of a call. Several tasks may write; messages go whole.
package struct RPCWriter<Message: RPCMessage>: Sendable {
    private let sink: any RPCMessageSink

    /// A writer over any sink.
    package init(_ sink: any RPCMessageSink) {
        self.sink = sink
    }

    /// The way to send without waiting; nil where the call does not travel by gRPC.
    package var pushSink: (any RPCPushSink)? { sink as? any RPCPushSink }

    /// Sends one message; suspends while the peer's window is full. Throws once the call has ended.
    package func write(_ message: Message, compressed: Bool? = nil) async throws(RPCError) {
        try await sink.send(message, compressed: compressed)
    }

    /// Half-closes: the client has no more messages. On a server the end of the handler does that.
    package func finish() async throws(RPCError) {
        try await sink.finish()
    }
}
