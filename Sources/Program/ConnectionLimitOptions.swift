internal import ArgumentParser
package import HTTP
package import Transport
package import Units

/// What one client may cost a listener. Flags that are not given leave the role's own value; the table with where each
/// comes from is in HTTP's Design page.
package struct ConnectionLimitOptions: ParsableArguments {
    package init() {}

    @Option(help: "Connections of one address that have not shown what they want: 1 to 1000000.")
    var halfOpenPerAddress: Int?
    @Option(help: "How long a connection may take to show what it speaks, TLS handshake included: 100ms to 5m.")
    var handshakeDeadline: DurationArgument?
    @Option(help: "Bytes of the fields of one head, 32 more for each: 1024 to 1048576.")
    var httpHeadBytes: SizeArgument?
    @Option(help: "How long a head may take to arrive over HTTP/1.1: 100ms to 5m.")
    var httpHeadDeadline: DurationArgument?
    @Option(help: "How long a body may take over HTTP/1.1, beside the time its bytes give it: 100ms to 1h.")
    var httpBodyGrace: DurationArgument?
    @Option(help: "Bytes of a body that give it a second more over HTTP/1.1: 1 to 1000000000.")
    var httpBodyRate: SizeArgument?
    @Option(help: "How long a connection without a request is kept over HTTP/1.1: 100ms to 24h.")
    var httpIdleDeadline: DurationArgument?
    @Option(help: "Streams a client may have open at once: 1 to 65535.")
    var http2Streams: Int?
    @Option(help: "How long a client may take until its SETTINGS are there: 100ms to 5m.")
    var http2PrefaceDeadline: DurationArgument?
    @Option(help: "How long a client may take none of what waits for it: 100ms to 1h.")
    var http2StallDeadline: DurationArgument?
    @Option(help: "The age at which a connection is drained, give or take a tenth; never by default: 1s to 8760h.")
    var http2MaxAge: DurationArgument?
    @Option(help: "How long a connection may have no stream until it is drained; for ever by default: 1s to 8760h.")
    var http2MaxIdle: DurationArgument?
    @Option(help: "How long a client may say nothing until it has to answer a PING: 1s to 24h.")
    var http2Keepalive: DurationArgument?
    @Option(help: "How long it has for that: 100ms to 5m.")
    var http2KeepaliveTimeout: DurationArgument?
    @Option(help: "Streams that are reset by a client or because of it, that it may owe: 1 to 1000000.")
    var http2Resets: Int?
    @Option(help: "Resets given back each second: 0 to 1000000.")
    var http2ResetsPerSecond: Int?
    @Option(help: "Streams over the limit on open ones: 1 to 1000000.")
    var http2RefusedStreams: Int?
    @Option(help: "Streams in one read, as a multiple of those that may be open: 1 to 1000.")
    var http2StreamsPerRead: Int?
    @Option(help: "Empty DATA frames in a row: 0 to 1000000.")
    var http2EmptyFrames: Int?
    @Option(help: "PRIORITY frames for each stream, and as many at the start: 0 to 1000000.")
    var http2Priorities: Int?
    @Option(help: "WINDOW_UPDATE frames at the start: 1 to 1000000.")
    var http2WindowUpdates: Int?
    @Option(help: "WINDOW_UPDATE frames for each stream: 0 to 1000000.")
    var http2WindowUpdatesPerStream: Int?
    @Option(help: "WINDOW_UPDATE frames for each DATA frame that was sent: 0 to 1000000.")
    var http2WindowUpdatesPerFrame: Int?
    @Option(help: "PING, SETTINGS and other control frames without other traffic: 1 to 1000000.")
    var http2ControlFrames: Int?
    @Option(help: "Control frames given back each second: 0 to 1000000.")
    var http2ControlFramesPerSecond: Int?
    @Option(help: "Bytes without payload, beside eight times the payload: 65536 to 1073741824.")
    var http2OverheadBytes: SizeArgument?
    @Option(help: "Frames that may wait for a client that does not read: 100 to 1000000.")
    var http2QueuedFrames: Int?
    @Option(help: "How far apart PINGs have to be while nothing is sent: 0s to 24h.")
    var http2PingInterval: DurationArgument?
    @Option(help: "PINGs that may come sooner: 0 to 1000000.")
    var http2PingStrikes: Int?

    /// Puts what was asked for in place of the role's own limits; throws where it is out of range.
    package func apply(to limits: inout HTTPLimits) throws(UserError) {
        let million = 1_000_000
        try set(&limits.maximumHeaderListSize, "http-head-bytes", httpHeadBytes, 1024...1 << 20)
        try set(&limits.headDeadline, "http-head-deadline", httpHeadDeadline, .milliseconds(100) ... .seconds(300))
        try set(&limits.bodyGrace, "http-body-grace", httpBodyGrace, .milliseconds(100) ... .seconds(3600))
        try set(&limits.minimumBodyRate, "http-body-rate", httpBodyRate, 1...1_000_000_000)
        try set(&limits.idleDeadline, "http-idle-deadline", httpIdleDeadline, .milliseconds(100) ... .seconds(86_400))
        var streams = Int(limits.maximumConcurrentStreams)
        try set(&streams, "http2-streams", http2Streams, 1...65_535)
        limits.maximumConcurrentStreams = UInt32(clamping: streams)
        let handshake = Duration.milliseconds(100) ... .seconds(300)
        try set(&limits.prefaceDeadline, "http2-preface-deadline", http2PrefaceDeadline, handshake)
        try set(
            &limits.stallDeadline,
            "http2-stall-deadline",
            http2StallDeadline,
            .milliseconds(100) ... .seconds(3600)
        )
        let year = Duration.seconds(1) ... .seconds(365 * 86_400)
        try set(&limits.maximumConnectionAge, "http2-max-age", http2MaxAge, year)
        try set(&limits.maximumConnectionIdle, "http2-max-idle", http2MaxIdle, year)
        try set(&limits.keepaliveInterval, "http2-keepalive", http2Keepalive, .seconds(1) ... .seconds(86_400))
        try set(&limits.keepaliveTimeout, "http2-keepalive-timeout", http2KeepaliveTimeout, handshake)
        try applyFloods(to: &limits.floods, million)
    }

    private func applyFloods(to floods: inout HTTP2FloodLimits, _ most: Int) throws(UserError) {
        try set(&floods.resets, "http2-resets", http2Resets, 1...most)
        try set(&floods.resetsPerSecond, "http2-resets-per-second", http2ResetsPerSecond, 0...most)
        try set(&floods.refusedStreams, "http2-refused-streams", http2RefusedStreams, 1...most)
        try set(&floods.newStreamsPerRead, "http2-streams-per-read", http2StreamsPerRead, 1...1000)
        try set(&floods.emptyFramesInARow, "http2-empty-frames", http2EmptyFrames, 0...most)
        try set(&floods.prioritiesPerStream, "http2-priorities", http2Priorities, 0...most)
        try set(&floods.windowUpdates, "http2-window-updates", http2WindowUpdates, 1...most)
        try set(
            &floods.windowUpdatesPerStream,
            "http2-window-updates-per-stream",
            http2WindowUpdatesPerStream,
            0...most
        )
        try set(
            &floods.windowUpdatesPerSentFrame,
            "http2-window-updates-per-frame",
            http2WindowUpdatesPerFrame,
            0...most
        )
        try set(&floods.controlFrames, "http2-control-frames", http2ControlFrames, 1...most)
        try set(
            &floods.controlFramesPerSecond,
            "http2-control-frames-per-second",
            http2ControlFramesPerSecond,
            0...most
        )
        try set(&floods.bytesWithoutPayload, "http2-overhead-bytes", http2OverheadBytes, 65_536...1 << 30)
        try set(&floods.queuedFrames, "http2-queued-frames", http2QueuedFrames, 100...most)
        try set(&floods.pingInterval, "http2-ping-interval", http2PingInterval, .zero ... .seconds(86_400))
        try set(&floods.pingStrikes, "http2-ping-strikes", http2PingStrikes, 0...most)
    }

    /// Puts what was asked for in place of the listener's own limits; throws where it is out of range.
    package func apply(to limits: inout HandshakeLimits) throws(UserError) {
        try set(&limits.halfOpenPerAddress, "half-open-per-address", halfOpenPerAddress, 1...1_000_000)
        try set(&limits.deadline, "handshake-deadline", handshakeDeadline, .milliseconds(100) ... .seconds(300))
    }

    private func set<Value: Comparable>(
        _ limit: inout Value,
        _ flag: String,
        _ value: Value?,
        _ range: ClosedRange<Value>
    ) throws(UserError) {
        guard let value else { return }
        guard range.contains(value) else {
            throw UserError(.invalidArgument, "--\(flag) is \(range.lowerBound) to \(range.upperBound)")
        }
        limit = value
    }

    private func set(
        _ limit: inout Int,
        _ flag: String,
        _ value: SizeArgument?,
        _ range: ClosedRange<Int>
    ) throws(UserError) {
        try set(&limit, flag, value.map { Int(clamping: $0.bytes.rawValue) }, range)
    }

    private func set(
        _ limit: inout Duration,
        _ flag: String,
        _ value: DurationArgument?,
        _ range: ClosedRange<Duration>
    ) throws(UserError) {
        try set(&limit, flag, value?.duration, range)
    }

    private func set(
        _ limit: inout Duration?,
        _ flag: String,
        _ value: DurationArgument?,
        _ range: ClosedRange<Duration>
    ) throws(UserError) {
        var chosen = limit ?? .zero
        try set(&chosen, flag, value, range)
        if value != nil { limit = chosen }
    }
}
