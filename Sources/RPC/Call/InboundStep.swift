package import NIOCore

/// What a reader of a call's messages gets when it asks for the next.
package enum InboundStep: Hashable, Sendable {
    /// A whole message, decompressed.
    case message(ByteBuffer)
    /// Nothing yet: bytes or the end have to come first.
    case needsBytes
    /// There are no more messages, and the call is well so far.
    case ended
    /// The call is lost, by the peer's violation or by its status.
    case failed(RPCError)
}
