/// Counts what nghttp2 1.52 lets through and a peer can make endless: empty frames, resets, priorities, window updates.
///
/// | event | budget | source |
/// | --- | --- | --- |
/// | empty DATA without END_STREAM, in a row | 1 | Envoy |
/// | resets, by the peer or because of it | 200, one back for each clean stream | h2o |
/// | PRIORITY | 100 x (1 + streams) | Envoy |
/// | WINDOW_UPDATE | 5 + 2 x (streams + 10 x DATA sent) and 1,000 more | Envoy |
/// | PING, SETTINGS without other traffic | 1,000 | Envoy |
/// | frame bytes over payload | payload x 8 + 1 MiB | nginx |
struct HTTP2Guard {
    static let maximumEmptyFrames = 1
    static let resetBudget = 200
    static let maximumControlFrames = 1000
    static let slack = 1 << 20

    private var emptyInARow = 0
    private var resets = 0
    private var streams = 0
    private var dataSent = 0
    private var priorities = 0
    private var windowUpdates = 0
    private var controls = 0
    private var frameBytes = 0
    private var payloadBytes = 0

    /// What the peer has done too much of; nil while it behaves.
    private(set) var violation: String?

    mutating func streamOpened() { streams += 1 }

    /// A stream ended; a clean one gives a little trust back.
    mutating func streamClosed(_ code: HTTP2ErrorCode) {
        guard code == .noError else { return }
        resets = max(0, resets - 1)
    }

    mutating func resetSeen() {
        resets += 1
        check(resets <= Self.resetBudget, "too many resets")
    }

    mutating func dataArrived(payload: Int, padded: Int, endStream: Bool) {
        count(padded, payload)
        emptyInARow = payload == 0 && !endStream ? emptyInARow + 1 : 0
        check(emptyInARow <= Self.maximumEmptyFrames, "too many empty DATA frames")
        if payload > 0 { controls = 0 }
    }

    mutating func headersArrived(length: Int) {
        count(length, length)
        controls = 0
    }

    mutating func priorityArrived() {
        count(5, 0)
        priorities += 1
        check(priorities <= 100 * (1 + streams), "too many PRIORITY frames")
    }

    mutating func windowUpdateArrived() {
        count(4, 0)
        windowUpdates += 1
        check(windowUpdates <= 1005 + 2 * (streams + 10 * dataSent), "too many WINDOW_UPDATE frames")
    }

    mutating func controlArrived() {
        count(8, 0)
        controls += 1
        check(controls <= Self.maximumControlFrames, "too many control frames")
    }

    mutating func dataFrameSent() {
        dataSent += 1
        controls = 0
    }

    private mutating func count(_ bytes: Int, _ payload: Int) {
        frameBytes += bytes + 9
        payloadBytes += payload
        check(frameBytes / 8 <= payloadBytes + Self.slack, "too many bytes without payload")
    }

    private mutating func check(_ holds: Bool, _ sentence: String) {
        if !holds, violation == nil { violation = sentence }
    }
}
