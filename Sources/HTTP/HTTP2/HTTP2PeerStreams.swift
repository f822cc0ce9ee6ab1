internal import NIOCore

/// What nghttp2 forgives and RFC 9113 does not: heads on streams that have ended or were passed over (sections 5.1 and
/// 5.1.1), and PRIORITY on stream 0 (section 6.3).
///
/// | stream | HEADERS |
/// | --- | --- |
/// | above all before it | opened |
/// | open | trailers; nghttp2 judges them |
/// | reset by us lately | legal noise: trailers that were under way; dropped |
/// | closed otherwise, or passed over | connection error |
struct HTTP2PeerStreams {
    /// Streams of ours that we remember to have reset.
    static let maximumRemembered = 256

    private var last: Int32 = 0
    private var open: Set<Int32> = []
    private var reset = CircularBuffer<Int32>()

    /// What the peer did wrong first; nil while it behaves.
    private(set) var violation: (code: HTTP2ErrorCode, sentence: String)?

    mutating func headersBegan(_ stream: Int32) {
        if stream > last {
            last = stream
            open.insert(stream)
        } else if !open.contains(stream), !reset.contains(stream) {
            found(.streamClosed, "a head on a stream that has ended")
        }
    }

    mutating func priorityOnConnection() { found(.protocolError, "PRIORITY on stream 0") }

    mutating func closed(_ stream: Int32) { open.remove(stream) }

    mutating func resetHere(_ stream: Int32) {
        open.remove(stream)
        if reset.count == Self.maximumRemembered { reset.removeFirst() }
        reset.append(stream)
    }

    private mutating func found(_ code: HTTP2ErrorCode, _ sentence: String) {
        if violation == nil { violation = (code, sentence) }
    }
}
