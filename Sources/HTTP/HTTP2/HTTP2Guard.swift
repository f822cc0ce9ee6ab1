internal import NIOCore
internal import Units

/// Counts what nghttp2 1.52 lets through and a peer can make endless. A machine: time is an argument.
///
/// | event | budget (`HTTP2FloodLimits`) | who is held to it |
/// | --- | --- | --- |
/// | empty DATA without END_STREAM, in a row | `emptyFramesInARow` | clients |
/// | resets, by the peer or because of it | `resets`, one back for each clean stream, more with time | clients |
/// | refused streams | `refusedStreams`, more with time as resets | clients |
/// | streams in one read | `newStreamsPerRead` | clients |
/// | PRIORITY; WINDOW_UPDATE | by streams and DATA sent | both |
/// | PING, SETTINGS without other traffic | `controlFrames`, more with time | both |
/// | PING while we send nothing | `pingStrikes` inside `pingInterval` | clients |
/// | bytes over payload | eight times the payload and `bytesWithoutPayload` | clients |
/// | fields of one head | four times the limit of a head | both |
///
/// The first violation stays. Nothing here is legal noise, for each of these is legal until it is too much.
struct HTTP2Guard {
    private let isServer: Bool
    private let limits: HTTP2FloodLimits
    private let maximumStreamsPerRead: Int

    private var now = NIODeadline.uptimeNanoseconds(0)
    private var emptyInARow = 0
    private var resets = 0.0
    private var refused = 0.0
    private var streams = 0
    private var streamsInRead = 0
    private var framesSent = 0
    private var priorities = 0
    private var windowUpdates = 0
    private var controls = 0.0
    private var lastPing: NIODeadline?
    private var strikes = 0
    private var wireBytes = 0
    private var payloadBytes = 0

    /// What the peer has done too much of; nil while it behaves.
    private(set) var violation: String?

    init(isServer: Bool, limits: HTTP2FloodLimits = HTTP2FloodLimits(), maximumConcurrentStreams: UInt32 = 128) {
        self.isServer = isServer
        self.limits = limits
        self.maximumStreamsPerRead = limits.newStreamsPerRead * Int(min(maximumConcurrentStreams, 1 << 20))
    }

    // MARK: What the peer did

    /// Bytes came in one read.
    mutating func readBegan(at time: NIODeadline) {
        let seconds = Double(max(0, (time - now).nanoseconds)) / 1e9
        now = time
        resets = max(0, resets - seconds * Double(limits.resetsPerSecond))
        refused = max(0, refused - seconds * Double(limits.resetsPerSecond))
        controls = max(0, controls - seconds * Double(limits.controlFramesPerSecond))
        streamsInRead = 0
    }

    /// So many bytes have been parsed: what they held is weighed against them.
    mutating func parsed(_ count: Int) {
        wireBytes += count
        checkServer((wireBytes - limits.bytesWithoutPayload) / 8 <= payloadBytes, "too many bytes without payload")
    }

    mutating func streamOpened() {
        streams += 1
        streamsInRead += 1
        checkServer(streamsInRead <= maximumStreamsPerRead, "too many streams at once")
    }

    /// A stream ended; a clean one gives a little trust back.
    mutating func streamClosed(_ code: HTTP2ErrorCode) {
        guard code == .noError else { return }
        resets = max(0, resets - 1)
    }

    /// A stream was reset, by the peer or by us.
    mutating func resetSeen() {
        resets += 1
        checkServer(resets <= Double(limits.resets), "too many resets")
    }

    mutating func streamRefused() {
        refused += 1
        checkServer(refused <= Double(limits.refusedStreams), "too many refused streams")
    }

    mutating func dataArrived(payload: Int, endStream: Bool) {
        payloadBytes += payload
        emptyInARow = payload == 0 && !endStream ? emptyInARow + 1 : 0
        checkServer(emptyInARow <= limits.emptyFramesInARow, "too many empty DATA frames")
        if payload > 0 { controls = 0 }
    }

    mutating func headersArrived(length: Int) {
        payloadBytes += length
        controls = 0
    }

    /// The fields of one head go far over the limit that was told.
    mutating func headOverflowed() { check(false, "too many header fields") }

    mutating func priorityArrived() {
        priorities += 1
        check(priorities <= limits.prioritiesPerStream * (1 + streams), "too many PRIORITY frames")
    }

    mutating func windowUpdateArrived() {
        windowUpdates += 1
        let allowed =
            limits.windowUpdates + limits.windowUpdatesPerStream * streams
            + limits.windowUpdatesPerSentFrame * framesSent
        check(windowUpdates <= allowed, "too many WINDOW_UPDATE frames")
    }

    mutating func controlArrived() {
        controls += 1
        check(controls <= Double(limits.controlFrames), "too many control frames")
    }

    /// A PING that is no answer.
    mutating func pingArrived() {
        controlArrived()
        defer { lastPing = now }
        guard let lastPing, (now - lastPing).nanoseconds < limits.pingInterval.nanoseconds else { return }
        strikes += 1
        checkServer(strikes <= limits.pingStrikes, "too_many_pings")
    }

    // MARK: What we did

    mutating func headersSent() { sent() }

    mutating func dataFrameSent(_ count: Int) {
        framesSent += 1
        payloadBytes += count
        sent()
    }

    /// PINGs beside traffic measure its path (bandwidth-delay probes): they are no strikes.
    private mutating func sent() {
        controls = 0
        strikes = 0
        lastPing = nil
    }

    private mutating func checkServer(_ holds: Bool, _ sentence: String) {
        if isServer { check(holds, sentence) }
    }

    private mutating func check(_ holds: Bool, _ sentence: String) {
        if !holds, violation == nil { violation = sentence }
    }
}
