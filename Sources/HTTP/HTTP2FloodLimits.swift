/// What a peer may do over HTTP/2 before its connection is ended with ENHANCE_YOUR_CALM: the guards against what
/// nghttp2 1.52 lets through. Budgets that leak come back at a rate, so that a connection may live for days.
package struct HTTP2FloodLimits: Hashable, Sendable {
    /// Empty DATA frames without END_STREAM in a row. Envoy's default.
    package var emptyFramesInARow = 1
    /// Streams reset by the peer, or by us because of what it did, that it may owe at once. h2o's idea: every stream
    /// that ends well gives one back. nghttp2 allows 1,000.
    package var resets = 200
    /// Resets, and refused streams, given back each second, as nghttp2 does.
    package var resetsPerSecond = 33
    /// PRIORITY frames for each stream, and as many at the start. Envoy's default.
    package var prioritiesPerStream = 100
    /// WINDOW_UPDATE frames at the start. Envoy has 5; stock clients raise windows in several steps.
    package var windowUpdates = 1000
    /// WINDOW_UPDATE frames for each stream. Envoy's default.
    package var windowUpdatesPerStream = 2
    /// WINDOW_UPDATE frames for each DATA frame that we sent. Envoy's default, 2 x 10.
    package var windowUpdatesPerSentFrame = 20
    /// PING, SETTINGS and other control frames that may be owed at once; other traffic clears them. Envoy's default.
    package var controlFrames = 1000
    /// Control frames given back each second.
    package var controlFramesPerSecond = 33
    /// Bytes of frames that carry no payload either way, beside eight times the payload. nginx's rule.
    package var bytesWithoutPayload = 8 << 20
    /// Streams in one read, as a multiple of the streams that may be open at once. nginx's rule.
    package var newStreamsPerRead = 2
    /// Streams over the limit on open ones, which are refused, that a peer may owe at once; they come back as resets do.
    /// nginx's number.
    package var refusedStreams = 128
    /// Frames that may wait for a peer that does not read. nghttp2 1.70's default.
    package var queuedFrames = 5000
    /// How far apart PINGs have to be while we send neither HEADERS nor DATA (gRPC's keepalive rule, A8).
    package var pingInterval = Duration.seconds(300)
    /// PINGs that may come sooner before GOAWAY `too_many_pings`.
    package var pingStrikes = 2

    /// The defaults above.
    package init() {}
}
