/// Where a call's outgoing messages go.
package protocol RPCMessageSink: Sendable {
    /// Sends one message, waiting for flow control. Several tasks may send; messages go whole, in the order of calls.
    /// `compressed` nil means as the call is set up.
    func send<Message: RPCMessage>(_ message: Message, compressed: Bool?) async throws(RPCError)
    /// There are no more messages. On the server the end of the handler says so; this then does nothing.
    func finish() async throws(RPCError)
}
