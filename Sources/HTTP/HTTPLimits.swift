/// What one connection may cost. Sources: nginx, Envoy and h2o defaults as the guard notes name them.
package struct HTTPLimits: Hashable, Sendable {
    /// Names and values of one head, 32 bytes more for each field; over it the stream is refused.
    package var maximumHeaderListSize = 16_384
    /// Streams the peer may have open at once.
    package var maximumConcurrentStreams: UInt32 = 128
    /// Body bytes a stream may have under way towards us before it is read.
    package var streamWindow: Int32 = 256 << 10
    /// The same for all streams of the connection.
    package var connectionWindow: Int32 = 1 << 20
    /// The largest DATA frame we take, 16,384 to 16,777,215 bytes.
    package var maximumFrameSize: UInt32 = 16_384
    /// Bytes a writer may have queued before it waits.
    package var writeHighWater = 1 << 20
    /// How long a head may take to arrive over HTTP/1.1.
    package var headDeadline = Duration.seconds(10)
    /// How long a connection without a request is kept.
    package var idleDeadline = Duration.seconds(300)

    package init() {}

    /// For our own client: windows that fill 1 Gbit/s at 100 ms, large frames.
    package static var client: HTTPLimits {
        var limits = HTTPLimits()
        limits.streamWindow = 16 << 20
        limits.connectionWindow = 64 << 20
        limits.maximumFrameSize = 256 << 10
        limits.maximumHeaderListSize = 64 << 10
        return limits
    }
}
