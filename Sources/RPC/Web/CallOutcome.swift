internal import HTTP
internal import NIOCore

/// A response in gRPC's form taken apart, for those who write it in another.
enum CallOutcome {
    /// The metadata of a head or trailer block, without the protocol's own fields.
    static func metadata(_ fields: HTTPFields) -> HTTPFields {
        var kept = HTTPFields()
        for (name, value) in fields where !name.hasPrefix("grpc-") && name != "content-type" {
            kept.append(name, value)
        }
        return kept
    }

    /// The message behind a frame's prefix.
    static func message(_ frame: ByteBuffer) -> ByteBuffer {
        var frame = frame
        frame.moveReaderIndex(forwardBy: 5)
        return frame
    }

    /// A frame: flag, length, payload.
    static func frame(flag: UInt8, _ payload: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(5 + payload.readableBytes)
        frame.writeInteger(flag)
        frame.writeInteger(UInt32(payload.readableBytes))
        frame.writeImmutableBuffer(payload)
        return frame
    }
}
