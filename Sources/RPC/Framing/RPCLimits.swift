/// Every limit of a gRPC endpoint, with its unit, default and source.
package struct RPCLimits: Hashable, Sendable {
    /// The largest message taken in, in bytes before and after decompression. 4 MiB is gRPC's own default
    /// (`GRPC_DEFAULT_MAX_RECV_MESSAGE_LENGTH`).
    package var maximumReceivedMessageBytes = 4 * 1024 * 1024
    /// The largest message sent, in bytes before compression. gRPC has no limit; we keep to what a frame can say.
    package var maximumSentMessageBytes = Int(Int32.max)
    /// Decompressed bytes that are always allowed, whatever the ratio: gRPC's default message limit, so that stock peers
    /// may send zeros. The ratio guards those who raise the limit above it.
    package var decompressionAllowance = 4 * 1024 * 1024
    /// The largest ratio of decompressed to compressed bytes above the allowance. Deflate reaches 1032; text 3 to 20.
    package var maximumDecompressionRatio = 256
    /// The largest metadata of one head or trailer block taken in: names, values and 32 each, in bytes. 8 KiB is what
    /// PROTOCOL-HTTP2 suggests.
    package var maximumMetadataBytes = 8 * 1024
    /// Messages shorter than this are sent uncompressed, in bytes: gzip adds 18 bytes and a table.
    package var compressionThreshold = 0
    /// A longer timeout than this counts as none: no process lives that long, and timers count nanoseconds in 64 bits.
    package var longestTimeout = Duration.seconds(365 * 24 * 3600)
    /// How long a client waits for a connection.
    package var connectTimeout = Duration.seconds(10)

    /// The defaults above.
    package init() {}
}
