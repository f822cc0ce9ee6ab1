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
    /// Room for header fields that repeat, each way, in bytes (RFC 7541 section 4.2). 4,096 is what HTTP/2 begins with; 0
    /// spares the memory where a connection has one long call.
    package var headerTableSize: UInt32 = 4096
    /// Bytes a writer may have queued before it waits.
    package var writeHighWater = 1 << 20
    /// How long a head may take to arrive over HTTP/1.1.
    package var headDeadline = Duration.seconds(10)
    /// How long a body may take to arrive over HTTP/1.1, and how many bytes give it a second more (Apache's
    /// `RequestReadTimeout body=20,MinRate=500`).
    package var bodyGrace = Duration.seconds(20)
    package var minimumBodyRate = 500
    /// How long a connection without a request is kept over HTTP/1.1.
    package var idleDeadline = Duration.seconds(300)
    /// How long an HTTP/2 client may take until its first SETTINGS frame is there.
    package var prefaceDeadline = Duration.seconds(10)
    /// How long a peer may take none of a stream's bytes that wait for it, over HTTP/1.1 of the connection's. nginx's
    /// send_timeout.
    package var stallDeadline = Duration.seconds(60)
    /// Bytes that all writers of an HTTP/2 connection may have queued, shared by its streams; a writer is let through
    /// below 64 KiB, and with a single write of any size.
    package var connectionWriteHighWater = 8 << 20
    /// The age at which an HTTP/2 connection is drained, give or take a tenth (gRPC's MAX_CONNECTION_AGE, A9). Nil for
    /// never, as in gRPC.
    package var maximumConnectionAge: Duration?
    /// How long an HTTP/2 connection may have no stream until it is drained (MAX_CONNECTION_IDLE). Nil for ever, as in
    /// gRPC.
    package var maximumConnectionIdle: Duration?
    /// How long an HTTP/2 client may say nothing until it has to answer a PING (gRPC's default for servers, A8). Nil
    /// for ever: for those who hear from their peers another way, since a timer costs some hundred bytes.
    package var keepaliveInterval: Duration? = .seconds(7200)
    /// How long it has for that.
    package var keepaliveTimeout = Duration.seconds(20)
    /// How long calls may go on when a connection is drained (MAX_CONNECTION_AGE_GRACE).
    package var connectionAgeGrace = Duration.seconds(60)
    /// What a peer may do over HTTP/2 that is work for us and none for it.
    package var floods = HTTP2FloodLimits()

    package init() {}

    /// For a server of very many connections with small messages: little memory for each.
    package static var messages: HTTPLimits {
        var limits = HTTPLimits()
        limits.streamWindow = 64 << 10
        limits.connectionWindow = 256 << 10
        limits.headerTableSize = 0
        limits.writeHighWater = 64 << 10
        return limits
    }

    /// For a node's connection to control: one long call with small messages.
    package static var messageClient: HTTPLimits {
        var limits = messages
        limits.streamWindow = 256 << 10
        return limits
    }

    /// For our own client of content: windows whose half (they are given back by halves) fills 1 Gbit/s at 100 ms with one
    /// stream, large frames.
    package static var client: HTTPLimits {
        var limits = HTTPLimits()
        limits.streamWindow = 32 << 20
        limits.connectionWindow = 64 << 20
        limits.maximumFrameSize = 256 << 10
        limits.maximumHeaderListSize = 64 << 10
        return limits
    }
}
