package import NIOCore

/// Takes messages out of gRPC's length-prefixed form. DATA frames need not align with messages.
///
/// | state | bytesArrived | nextMessage | endArrived |
/// | --- | --- | --- | --- |
/// | between messages | inside or between | nil | ended |
/// | inside a message | inside or between | nil | throws `.truncated` |
/// | broken | dropped | the same error again | the same error again |
///
/// A bad flag, length or compression is the peer's violation: a typed error that ends the call. At most one message
/// and what arrived with it is held, and a length over the limit is refused before its bytes are awaited.
package struct MessageDeframer: Sendable {
    private var held = ByteBuffer()
    private var broken: FramingError?
    private var encoding: MessageEncoding
    private let limits: RPCLimits
    /// Whether the message returned last came compressed.
    package private(set) var lastWasCompressed = false

    /// A deframer for one direction of one call whose `grpc-encoding` is `encoding`.
    package init(encoding: MessageEncoding, limits: RPCLimits) {
        self.encoding = encoding
        self.limits = limits
    }

    /// The peer's encoding became known, before its first byte.
    package mutating func encodingDeclared(_ encoding: MessageEncoding) {
        self.encoding = encoding
    }

    /// Bytes of the body, in order.
    package mutating func bytesArrived(_ bytes: ByteBuffer) {
        guard broken == nil else { return }
        if held.readableBytes == 0 {
            held = bytes
        } else {
            held.discardReadBytes()
            held.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole message, decompressed, or nil where bytes are missing.
    package mutating func nextMessage() throws(FramingError) -> ByteBuffer? {
        if let broken { throw broken }
        do {
            return try takeMessage()
        } catch {
            broken = error
            held = ByteBuffer()
            throw error
        }
    }

    /// The body ended; throws where that is inside a message.
    package mutating func endArrived() throws(FramingError) {
        if let broken { throw broken }
        if held.readableBytes > 0 { throw .truncated }
    }

    private mutating func takeMessage() throws(FramingError) -> ByteBuffer? {
        guard let flag = held.getInteger(at: held.readerIndex, as: UInt8.self) else { return nil }
        guard flag <= 1 else { throw .flagUnknown(flag) }
        guard flag == 0 || encoding != .identity else { throw .compressionUndeclared }
        guard let length = held.getInteger(at: held.readerIndex + 1, as: UInt32.self) else { return nil }
        guard Int(length) <= limits.maximumReceivedMessageBytes else {
            throw .messageTooLarge(limit: limits.maximumReceivedMessageBytes)
        }
        // Room grows with the bytes that came, never with the length a peer only promises.
        guard held.readableBytes >= 5 + Int(length) else { return nil }
        held.moveReaderIndex(forwardBy: 5)
        guard let payload = held.readSlice(length: Int(length)) else { return nil }
        // Nothing is left: let go of the socket's buffer, for a quiet call may hold it for days.
        if held.readableBytes == 0 { held = ByteBuffer() }
        lastWasCompressed = flag == 1
        return flag == 0 ? payload : try GzipInflater.decompress(payload, limits: limits)
    }
}
