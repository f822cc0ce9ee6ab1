/// Why a stream of length-prefixed messages cannot be read on. Every case ends the call; the connection is unhurt.
package enum FramingError: Error, Hashable, Sendable {
    /// The prefix, or the decompressed bytes, go over the limit.
    case messageTooLarge(limit: Int)
    /// The decompressed bytes are out of proportion to the compressed ones.
    case ratioExceeded(limit: Int)
    /// The compressed flag is neither 0 nor 1.
    case flagUnknown(UInt8)
    /// The compressed flag is set on a call without `grpc-encoding`.
    case compressionUndeclared
    /// The compressed bytes are not a whole gzip stream.
    case compressionBroken
    /// The stream ended inside a message.
    case truncated
}

extension FramingError {
    /// The status of doc/statuscodes.md for this error.
    package var status: RPCStatus {
        switch self {
        case .messageTooLarge(let limit):
            RPCStatus(.resourceExhausted, "message larger than the limit of \(limit) bytes")
        case .ratioExceeded(let limit):
            RPCStatus(.resourceExhausted, "message expands to more than \(limit) times its compressed size")
        case .flagUnknown(let flag): RPCStatus(.internal, "compressed flag is \(flag), expected 0 or 1")
        case .compressionUndeclared:
            RPCStatus(.internal, "compressed message on a call that declares no grpc-encoding")
        case .compressionBroken: RPCStatus(.internal, "cannot decompress message")
        case .truncated: RPCStatus(.internal, "stream ended inside a message")
        }
    }
}
