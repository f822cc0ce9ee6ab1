package import NIOCore

/// Puts messages into gRPC's length-prefixed form: one flag byte, four bytes of length, the bytes (PROTOCOL-HTTP2).
package struct MessageFramer: Sendable {
    /// What compressed messages are compressed with; `identity` means that none is.
    package let encoding: MessageEncoding
    private let limits: RPCLimits

    /// A framer for one direction of one call.
    package init(encoding: MessageEncoding, limits: RPCLimits) {
        self.encoding = encoding
        self.limits = limits
    }

    /// The frame for `message`, compressed where asked and where the call has an encoding.
    package func frame(_ message: ByteBuffer, compressed: Bool) throws(FramingError) -> ByteBuffer {
        guard message.readableBytes <= limits.maximumSentMessageBytes else {
            throw .messageTooLarge(limit: limits.maximumSentMessageBytes)
        }
        let compresses = compressed && encoding == .gzip && message.readableBytes >= limits.compressionThreshold
        let payload = compresses ? GzipDeflater.compress(message) : message
        var frame = ByteBuffer()
        frame.reserveCapacity(5 + payload.readableBytes)
        frame.writeInteger(compresses ? 1 : 0, as: UInt8.self)
        frame.writeInteger(UInt32(payload.readableBytes))
        frame.writeImmutableBuffer(payload)
        return frame
    }
}
