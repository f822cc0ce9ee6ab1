package import NIOCore

/// A call's incoming messages as the wire has them, for a reader that lives long and wants to stay small: a decoded
/// message would take its room in the reader's task for as long as that lives.
package protocol RPCEncodedSource: Sendable {
    /// The next message, decompressed but not decoded; nil behind the last.
    func nextEncoded() async throws(RPCError) -> ByteBuffer?
}
