/// Where a call's incoming messages come from: a gRPC stream, a JSON request, a test.
package protocol RPCMessageSource: Sendable {
    /// The next message, or nil after the last. One caller at a time.
    func next<Message: RPCMessage>(_ type: Message.Type) async throws(RPCError) -> Message?
}
